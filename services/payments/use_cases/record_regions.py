"""Recording where households live, which says whose staff sees what they were paid."""

from services.payments.events.consumed import ContactRecorded
from services.payments.storage.regions import keep_regions
from shared.messaging.consuming import Batch
from shared.storage.database import Transaction


async def record_regions(tx: Transaction, batch: Batch[ContactRecorded]) -> None:
    """Keep the region of each household's newest version.

    What was paid before a move stays booked where it was paid, and is seen in the new region alone.
    """
    await keep_regions(
        tx, [(item.household_id, item.region_code, item.version) for item in batch.items]
    )
