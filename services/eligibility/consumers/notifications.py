"""What eligibility does with the events of notifications: it keeps the proof of notice."""

from services.eligibility.events.consumed import MessageSettled
from services.eligibility.use_cases.record_notices import record_notices
from shared.messaging.consuming import Batch, Subscription
from shared.storage.database import Transaction


def on_messages_settled() -> Subscription[MessageSettled]:
    """Return the subscription that keeps what became of notices."""

    async def handle(tx: Transaction, batch: Batch[MessageSettled]) -> None:
        await record_notices(tx, batch.items)

    return Subscription(item=MessageSettled, handle=handle)
