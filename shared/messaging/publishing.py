"""Publishing: an event is a row in the transaction of its cause; the relay does the rest."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.messaging.envelope import ITEMS_MAX, PublishedItem, write_envelope
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.outbox import add_event


async def publish(
    tx: Transaction, items: Sequence[PublishedItem], *, source: str, at: datetime
) -> UUID:
    """Keep one event of 1 to `ITEMS_MAX` items for the relay, and return its id.

    Args:
        tx: The transaction that records what happened.
        items: Items of one type.
        source: The producing service, as `/registry`.
        at: The business instant, in UTC.

    Raises:
        ValueError: There are no items, too many, or several types.
    """
    if not 1 <= len(items) <= ITEMS_MAX:
        message = f"An event carries 1 to {ITEMS_MAX} items, not {len(items)}."
        raise ValueError(message)
    if len({item.TYPE for item in items}) != 1:
        message = "An event carries items of one type."
        raise ValueError(message)
    event_id = new_id()
    body = write_envelope(list(items), event_id=event_id, source=source, at=at)
    await add_event(tx, event_id=event_id, event_type=items[0].TYPE, body=body)
    return event_id
