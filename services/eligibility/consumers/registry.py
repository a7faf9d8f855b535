"""What eligibility does with the registry's events."""

from services.eligibility.events.consumed import HouseholdRecorded
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.record_households import record_households
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction


def on_households_recorded(collaborators: Collaborators) -> Subscription[HouseholdRecorded]:
    """Return the subscription that records and decides households."""

    async def handle(tx: Transaction, batch: Batch[HouseholdRecorded]) -> None:
        await record_households(tx, batch.items, collaborators=collaborators)

    return Subscription(item=HouseholdRecorded, handle=handle)
