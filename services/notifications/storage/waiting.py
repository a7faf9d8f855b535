"""Messages that wait for a contact, and what they become when it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notifications.storage.arrays import array
from services.notifications.storage.messages import MessageKey, Moved, moved_of
from shared.storage.database import Transaction

WAITING_MAX = 2_000


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message whose household can now be told: its sentences as stored, and the language."""

    key: MessageKey
    sentences: list[dict[str, Any]]
    language: str
    has_phone: bool


@dataclass(frozen=True, slots=True)
class Addressed:
    """What a waiting message becomes; without a text it is suppressed."""

    key: MessageKey
    state: str
    language: str
    text_sealed: bytes | None
    parts_count: int | None


async def waiting_messages(
    tx: Transaction, household_ids: Sequence[UUID] | None, *, since: datetime, now: datetime
) -> list[WaitingMessage]:
    """Return and lock at most `WAITING_MAX` messages whose contact is known by now.

    Args:
        tx: The transaction that will address them.
        household_ids: Only these households; None for all, as the sweep asks.
        since: Older messages have expired.
        now: The business instant.
    """
    cursor = await tx.execute(
        """
        SELECT m.created_at, m.message_id, m.sentences, c.language,
               c.phone_sealed IS NOT NULL AS has_phone
          FROM message m JOIN contact c USING (household_id)
         WHERE m.state = 'AWAITING_CONTACT' AND m.created_at BETWEEN %(since)s AND %(now)s
           AND (%(households)s::uuid[] IS NULL OR m.household_id = ANY(%(households)s::uuid[]))
         LIMIT %(limit)s
           FOR UPDATE OF m SKIP LOCKED
        """,
        {
            "since": since,
            "now": now,
            "households": None if household_ids is None else array(household_ids),
            "limit": WAITING_MAX,
        },
    )
    return [
        WaitingMessage(
            key=MessageKey(row["created_at"], row["message_id"]),
            sentences=row["sentences"],
            language=row["language"],
            has_phone=row["has_phone"],
        )
        for row in await cursor.fetchall()
    ]


async def address_messages(
    tx: Transaction, addressed: Sequence[Addressed], *, at: datetime
) -> list[Moved]:
    """Give waiting messages their language and text, and put them in the queue or aside."""
    if not addressed:
        return []
    cursor = await tx.execute(
        """
        UPDATE message m
           SET state = news.state, language = news.language, text_sealed = news.text_sealed,
               parts_count = news.parts_count, not_before = %(at)s, changed_at = %(at)s,
               version = m.version + 1
          FROM unnest(%(created)s::timestamptz[], %(ids)s::uuid[], %(states)s::text[],
                      %(languages)s::text[], %(texts)s::bytea[], %(parts)s::smallint[])
               AS news (created_at, message_id, state, language, text_sealed, parts_count)
         WHERE m.created_at = news.created_at AND m.message_id = news.message_id
           AND m.created_at BETWEEN %(first)s AND %(last)s
           AND m.state = 'AWAITING_CONTACT'
        RETURNING m.message_id, m.household_id, m.version, m.region_code, m.stage, m.state
        """,
        {
            "at": at,
            "created": array([item.key.created_at for item in addressed]),
            "ids": array([item.key.message_id for item in addressed]),
            "states": array([item.state for item in addressed]),
            "languages": array([item.language for item in addressed]),
            "texts": [item.text_sealed for item in addressed],
            "parts": array([item.parts_count for item in addressed]),
            "first": min(item.key.created_at for item in addressed),
            "last": max(item.key.created_at for item in addressed),
        },
    )
    return moved_of(await cursor.fetchall())
