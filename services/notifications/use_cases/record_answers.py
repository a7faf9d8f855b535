"""Recording what the SMS centre said, submit answers and receipts alike, many in one commit.

Everything of one bind is recorded by one writer, so a receipt and the answer to its submission
never miss each other; the sweep catches what crosses a change of owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from services.notifications.domain.messages import MessageState, PartState, message_state
from services.notifications.storage.messages import MessageKey, move, settle
from services.notifications.storage.receipts import (
    AnsweredPart,
    KeptReceipt,
    early_ids,
    insert_parts,
    keep_receipts,
    match_early_receipts,
    raise_parts,
)
from services.notifications.storage.sending import Returned, mark_unknown, put_back
from services.notifications.use_cases.announce_settled import announce_settled
from shared.storage.database import Transaction

PROVIDER_IDS_UNIQUE_FOR = timedelta(days=7)
PROVEN = MappingProxyType({part.rank: message_state(part) for part in PartState})


@dataclass(frozen=True, slots=True)
class Answers:
    """What one commit records."""

    parts: list[AnsweredPart] = field(default_factory=list)
    receipts: list[KeptReceipt] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    unknown: list[MessageKey] = field(default_factory=list)
    unreachable: list[MessageKey] = field(default_factory=list)


async def record_answers(
    tx: Transaction, answers: Answers, *, provider: str, fence: int, at: datetime
) -> int:
    """Record a batch of answers and receipts, and announce the messages that settled.

    Args:
        tx: One transaction; submits are not forgotten and receipts not acknowledged before it.
        answers: What came in since the last commit.
        provider: The SMS centre's name.
        fence: The bind owner's token; what a later owner claimed is left to it.
        at: The business instant.

    Returns:
        How many messages settled.
    """
    since = at - PROVIDER_IDS_UNIQUE_FOR
    await insert_parts(tx, answers.parts, provider=provider, at=at)
    await keep_receipts(tx, answers.receipts, provider=provider, at=at, since=since)
    accepted = [part.provider_message_id for part in answers.parts if part.provider_message_id]
    early = await match_early_receipts(
        tx,
        await early_ids(tx, accepted, provider=provider, at=at, since=since),
        provider=provider,
        at=at,
        since=since,
    )
    told = highest(
        [
            (receipt.provider_message_id, receipt.state)
            for receipt in answers.receipts
            if receipt.provider_message_id is not None and receipt.state is not None
        ]
        + early
    )
    touched = await raise_parts(tx, told, provider=provider, at=at, since=since)
    touched |= {part.key for part in answers.parts}
    moved = await settle(tx, touched, proven=PROVEN, at=at)
    moved += await move(tx, MessageState.UNDELIVERED, answers.unreachable, at=at)
    await put_back(tx, answers.returned, fence=fence, at=at)
    await mark_unknown(tx, answers.unknown, fence=fence, at=at)
    return await announce_settled(tx, moved, at=at)


def highest(told: Sequence[tuple[str, PartState]]) -> dict[str, PartState]:
    """Return the highest state told of each provider id."""
    states: dict[str, PartState] = {}
    for identifier, state in told:
        known = states.get(identifier)
        if known is None or state.rank > known.rank:
            states[identifier] = state
    return states
