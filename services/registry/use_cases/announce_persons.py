"""Announce persons whose registration stands otherwise than before."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.vocabulary import PersonStatus
from services.registry.events.published import SOURCE, PersonStatusChanged
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX
from shared.messaging.publishing import publish
from shared.storage.database import Transaction


class StatusChange(NamedTuple):
    """A version of a person whose status is another than before, or not active from the start."""

    person_id: UUID
    version: int
    region_code: str
    status: str
    effective_on: date
    """The first day on which the status is true."""


async def announce_status_changes(
    tx: Transaction, changes: Sequence[StatusChange], *, at: datetime
) -> None:
    """Publish changed statuses in the transaction that recorded them.

    Args:
        tx: The open transaction.
        changes: Any number of changes, none at all included.
        at: The instant of recording, in UTC.
    """
    items = [
        PersonStatusChanged(
            person_id=change.person_id,
            version=change.version,
            region_code=change.region_code,
            status=PersonStatus(change.status),
            effective_on=change.effective_on,
        )
        for change in changes
    ]
    for batch in batched(items, ITEMS_MAX):
        await publish(tx, batch, source=SOURCE, at=at)
