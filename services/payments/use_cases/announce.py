"""Telling others that instructions changed, in events of bounded size."""

from collections.abc import Sequence
from datetime import datetime

from services.payments.events.published import SOURCE, InstructionChanged
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX
from shared.messaging.publishing import publish
from shared.storage.database import Transaction


async def announce(tx: Transaction, changed: Sequence[InstructionChanged], *, at: datetime) -> None:
    """Publish the news in the transaction of its cause."""
    for items in batched(changed, ITEMS_MAX):
        await publish(tx, items, source=SOURCE, at=at)
