"""What the registry does with the events of eligibility: it keeps the index of each household."""

from services.registry.events.consumed import HouseholdAssessed
from services.registry.use_cases.keep_household_index import keep_household_index
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction


def on_households_assessed() -> Subscription[HouseholdAssessed]:
    """Return the subscription that keeps the newest index of each household."""

    async def handle(tx: Transaction, batch: Batch[HouseholdAssessed]) -> None:
        await keep_household_index(tx, batch.items)

    return Subscription(item=HouseholdAssessed, handle=handle)
