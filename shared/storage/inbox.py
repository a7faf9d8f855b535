"""The inbox: each event acts once per consumer, however often it is delivered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.storage.copy import copy_rows
from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that can never be applied, kept with its reason for a person to look at."""

    index: int
    subject_id: UUID | None
    code: str
    item: dict[str, Any] | None


async def claim_inbox(tx: Transaction, event_id: UUID, *, consumer: str) -> bool:
    """Return True the first time; a claim rolls back together with its effect."""
    cursor = await tx.execute(
        "INSERT INTO inbox (event_id, consumer) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (event_id, consumer),
    )
    return cursor.rowcount == 1


async def keep_rejected(
    tx: Transaction,
    event_id: UUID,
    *,
    consumer: str,
    event_type: str,
    rejected: Sequence[RejectedItem],
) -> None:
    """Keep the items that were not applied."""
    columns = ("event_id", "consumer", "item_index", "type", "subject_id", "code", "item")
    rows = (
        (
            event_id,
            consumer,
            item.index,
            event_type,
            item.subject_id,
            item.code,
            None if item.item is None else json.dumps(item.item),
        )
        for item in rejected
    )
    await copy_rows(tx, "rejected_item", columns, rows)
