"""Which events this service acts on: from the wire's shape to a use case's words."""

from collections.abc import Sequence
from typing import Any

from services.notifications.events.consumed import (
    ContactRecorded,
    DecisionMade,
    HouseholdAssessed,
    InstructionChanged,
)
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.record_contacts import ToldContact, record_contacts
from services.notifications.use_cases.tell_assessments import Assessment, tell_assessments
from services.notifications.use_cases.tell_decisions import (
    Decision,
    is_told_programme,
    tell_decisions,
)
from services.notifications.use_cases.tell_payments import (
    PAYING_PROGRAMMES,
    Instruction,
    tell_payments,
)
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction

UNKNOWN_PROGRAMME = "notifications.programme-unknown"


def subscriptions(collaborators: Collaborators) -> Sequence[Subscription[Any]]:
    """Return the four subscriptions of this service."""

    async def on_contacts(tx: Transaction, batch: Batch[ContactRecorded]) -> None:
        await _record(tx, batch, collaborators)

    async def on_assessments(tx: Transaction, batch: Batch[HouseholdAssessed]) -> None:
        await tell_assessments(
            tx, [_assessment(item) for item in batch.items], collaborators=collaborators
        )

    async def on_decisions(tx: Transaction, batch: Batch[DecisionMade]) -> None:
        await tell_decisions(tx, _told_decisions(batch), collaborators=collaborators)

    async def on_instructions(tx: Transaction, batch: Batch[InstructionChanged]) -> None:
        await tell_payments(tx, _told_instructions(batch), collaborators=collaborators)

    return (
        Subscription(item=ContactRecorded, handle=on_contacts),
        Subscription(item=HouseholdAssessed, handle=on_assessments),
        Subscription(item=DecisionMade, handle=on_decisions),
        Subscription(item=InstructionChanged, handle=on_instructions),
    )


async def _record(
    tx: Transaction, batch: Batch[ContactRecorded], collaborators: Collaborators
) -> None:
    refused = await record_contacts(
        tx,
        [ToldContact(**item.model_dump()) for item in batch.items],
        event_type=ContactRecorded.TYPE,
        collaborators=collaborators,
    )
    for item in batch.items:
        if item.household_id in refused:
            batch.reject(item, refused[item.household_id])


def _told_decisions(batch: Batch[DecisionMade]) -> list[Decision]:
    told = []
    for item in batch.items:
        if is_told_programme(item.programme):
            told.append(_decision(item))
        else:
            batch.reject(item, UNKNOWN_PROGRAMME)
    return told


def _told_instructions(batch: Batch[InstructionChanged]) -> list[Instruction]:
    told = []
    for item in batch.items:
        if item.programme in PAYING_PROGRAMMES:
            told.append(Instruction(**item.model_dump()))
        else:
            batch.reject(item, UNKNOWN_PROGRAMME)
    return told


def _assessment(item: HouseholdAssessed) -> Assessment:
    return Assessment(
        household_id=item.household_id,
        region_code=item.region_code,
        version=item.version,
        index_value=item.index,
        assessed_on=item.assessed_on,
    )


def _decision(item: DecisionMade) -> Decision:
    return Decision(
        household_id=item.household_id,
        region_code=item.region_code,
        version=item.version,
        programme=item.programme,
        is_eligible=item.outcome == "eligible",
        effective_month=item.effective_month,
        reasons=tuple(item.reasons),
        amount_centimes=item.amount_centimes,
    )
