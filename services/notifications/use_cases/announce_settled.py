"""Telling other services which messages reached their handset and which will not."""

from collections.abc import Sequence
from datetime import datetime

from services.notifications.events.published import MessageSettled
from services.notifications.storage.messages import Moved
from services.notifications.use_cases.collaborators import SOURCE
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX
from shared.messaging.publishing import publish
from shared.storage.database import Transaction


async def announce_settled(tx: Transaction, moved: Sequence[Moved], *, at: datetime) -> int:
    """Publish those of `moved` that settled, in the transaction that moved them.

    Returns:
        How many settled.
    """
    items = [
        MessageSettled(
            message_id=message.message_id,
            household_id=message.household_id,
            version=message.version,
            region_code=message.region_code,
            stage=message.stage,  # type: ignore[arg-type] # the column holds a Stage
            outcome=outcome,  # type: ignore[arg-type] # one of two words
            at=at,
        )
        for message in moved
        if (outcome := message.state.outcome) is not None
    ]
    for batch in batched(items, ITEMS_MAX):
        await publish(tx, batch, source=SOURCE, at=at)
    return len(items)
