"""Telling households that money was sent, and never before it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifications.domain.messages import Stage
from services.notifications.domain.sentences import payment_sentences
from services.notifications.storage.standing import InstructionNews, store_instructions
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.tell_households import (
    Telling,
    tell_households,
    withdraw_untrue,
)
from shared.storage.database import Transaction

PAID = "PAID"
PAYING_PROGRAMMES = frozenset({"asd"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """A payment instruction in one state; amounts are centimes."""

    instruction_id: UUID
    household_id: UUID
    region_code: str
    version: int
    programme: str
    month: str
    state: str
    net_centimes: int
    fee_cap_centimes: int | None


async def tell_payments(
    tx: Transaction, instructions: Sequence[Instruction], *, collaborators: Collaborators
) -> None:
    """Tell households whose instruction is paid, as far as this service's newest version says.

    An instruction that left that state before its message was sent takes the message with it.
    """
    newest: dict[UUID, Instruction] = {}
    for item in instructions:
        known = newest.get(item.instruction_id)
        if known is None or item.version > known.version:
            newest[item.instruction_id] = item
    changed = await store_instructions(
        tx,
        [
            InstructionNews(
                instruction_id=item.instruction_id,
                household_id=item.household_id,
                region_code=item.region_code,
                version=item.version,
                state=item.state,
            )
            for item in newest.values()
        ],
    )
    news = [item for item in newest.values() if item.instruction_id in changed]
    untrue = [(item.household_id, _topics(item)) for item in news if item.state != PAID]
    await withdraw_untrue(tx, Stage.PAYMENT, untrue, collaborators=collaborators)
    paid = [_telling(item) for item in news if item.state == PAID]
    await tell_households(tx, paid, collaborators=collaborators)


def _topics(item: Instruction) -> tuple[str, ...]:
    return (str(item.instruction_id),)


def _telling(item: Instruction) -> Telling:
    return Telling(
        stage=Stage.PAYMENT,
        household_id=item.household_id,
        region_code=item.region_code,
        event=str(item.instruction_id),
        topics=_topics(item),
        sentences=payment_sentences(
            item.programme,
            amount_centimes=item.net_centimes,
            month=item.month,
            fee_cap_centimes=item.fee_cap_centimes,
        ),
    )
