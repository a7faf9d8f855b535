"""What eligibility does with the registry's events."""

from services.eligibility.events.consumed import HouseholdDissolved, HouseholdRecorded
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.dissolve_households import dissolve_households
from services.eligibility.use_cases.record_households import record_households
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction


def on_households_recorded(collaborators: Collaborators) -> Subscription[HouseholdRecorded]:
    """Return the subscription that records and decides households."""

    async def handle(tx: Transaction, batch: Batch[HouseholdRecorded]) -> None:
        await record_households(tx, batch.items, collaborators=collaborators)

    return Subscription(item=HouseholdRecorded, handle=handle)


def on_households_dissolved(collaborators: Collaborators) -> Subscription[HouseholdDissolved]:
    """Return the subscription that ends what was decided on households that are no more."""

    async def handle(tx: Transaction, batch: Batch[HouseholdDissolved]) -> None:
        await dissolve_households(tx, batch.items, collaborators=collaborators)

    return Subscription(item=HouseholdDissolved, handle=handle)
