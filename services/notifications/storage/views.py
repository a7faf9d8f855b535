"""What callers are shown of messages: states and counts, never texts or numbers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class MessageShown:
    """One message of a household."""

    message_id: UUID
    stage: str
    state: str
    language: str | None
    topics: list[str]
    templates: list[str]
    parts_count: int | None
    parts_delivered: int
    created_at: datetime
    submitted_at: datetime | None
    changed_at: datetime


async def messages_of(
    tx: Transaction,
    household_id: UUID,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[MessageShown]:
    """Return a household's messages, newest first, from before a place in that order."""
    created_before, id_before = before or (None, None)
    cursor = await tx.execute(
        """
        SELECT m.message_id, m.stage, m.state, m.language, m.topics, m.parts_count,
               m.created_at, m.submitted_at, m.changed_at,
               ARRAY(SELECT (s ->> 'key') || '@' || (s ->> 'version')
                       FROM jsonb_array_elements(m.sentences) AS s) AS templates,
               (SELECT count(*) FROM message_part p
                 WHERE p.message_id = m.message_id AND p.state = 'DELIVERED') AS parts_delivered
          FROM message m
         WHERE m.household_id = %(household)s
           AND (%(created_before)s::timestamptz IS NULL
                OR (m.created_at, m.message_id) < (%(created_before)s, %(id_before)s::uuid))
         ORDER BY m.created_at DESC, m.message_id DESC
         LIMIT %(limit)s
        """,
        {
            "household": household_id,
            "created_before": created_before,
            "id_before": id_before,
            "limit": limit,
        },
    )
    return [MessageShown(**row) for row in await cursor.fetchall()]


async def stage_counts(tx: Transaction) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many messages are in each stage and state, by the region they were made in.

    The transaction must see every region.
    """
    cursor = await tx.execute(
        "SELECT stage, state, region_code, count(*) AS messages FROM message"
        " GROUP BY stage, state, region_code ORDER BY stage, state"
    )
    counted: dict[tuple[str, str], dict[str, int]] = {}
    for row in await cursor.fetchall():
        by_region = counted.setdefault((row["stage"], row["state"]), {})
        by_region[row["region_code"]] = row["messages"]
    return counted
