"""Telling households what was decided, all programmes of one decision in one message."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.notifications.domain.messages import Stage
from services.notifications.domain.reasons import unknown_codes
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.domain.sentences import Outcome, decision_sentences
from services.notifications.storage.standing import DecisionNews, store_decisions
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.tell_households import Telling, tell_households
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome on one programme, at one version; the amount is monthly centimes."""

    household_id: UUID
    region_code: str
    version: int
    programme: str
    is_eligible: bool
    effective_month: str
    reasons: tuple[str, ...]
    amount_centimes: int


def is_told_programme(programme: str) -> bool:
    """Say whether this service has words for a programme."""
    return programme in sending_rules().appeal_days


async def tell_decisions(
    tx: Transaction, decisions: Sequence[Decision], *, collaborators: Collaborators
) -> None:
    """Tell each household its outcomes that are news, in one message.

    Only a changed outcome or amount is news. A decision that ends a right reads otherwise than a
    first refusal.

    Args:
        tx: The transaction that learnt of them.
        decisions: Of programmes for which `is_told_programme`; those of one household stand
            together in one event, and so in one message.
        collaborators: What the use case works with.
    """
    newest: dict[tuple[UUID, str], Decision] = {}
    for item in decisions:
        key = (item.household_id, item.programme)
        if key not in newest or item.version > newest[key].version:
            newest[key] = item
    before = await store_decisions(
        tx,
        [
            DecisionNews(
                household_id=item.household_id,
                programme=item.programme,
                region_code=item.region_code,
                version=item.version,
                is_eligible=item.is_eligible,
                amount_centimes=item.amount_centimes,
            )
            for item in newest.values()
        ],
    )
    by_household: dict[UUID, list[Decision]] = defaultdict(list)
    for key, item in sorted(newest.items(), key=lambda entry: entry[0][1]):
        if key in before:
            by_household[item.household_id].append(item)
    _count_unknown_reasons(decisions, collaborators)
    tellings = [_telling(items, before) for items in by_household.values()]
    await tell_households(tx, tellings, collaborators=collaborators)


def _telling(items: Sequence[Decision], before: Mapping[tuple[UUID, str], bool | None]) -> Telling:
    outcomes = [
        Outcome(
            programme=item.programme,
            eligible=item.is_eligible,
            month=item.effective_month,
            amount_centimes=item.amount_centimes,
            reasons=item.reasons,
            was_eligible=before[item.household_id, item.programme],
        )
        for item in items
    ]
    return Telling(
        stage=Stage.DECISION,
        household_id=items[0].household_id,
        region_code=items[0].region_code,
        event="+".join(f"{item.programme}@{item.version}" for item in items),
        topics=tuple(item.programme for item in items),
        sentences=decision_sentences(outcomes),
    )


def _count_unknown_reasons(decisions: Sequence[Decision], collaborators: Collaborators) -> None:
    unknown = {
        code for item in decisions if not item.is_eligible for code in unknown_codes(item.reasons)
    }
    if unknown:
        log.warning("reasons-without-words", codes=sorted(unknown))
        collaborators.metrics.counter(
            "sanad_notifications_unknown_reasons_total", "Reason codes without a sentence."
        ).inc(len(unknown))
