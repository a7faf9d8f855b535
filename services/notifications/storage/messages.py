"""Messages: made once per dedupe key, withdrawn while unsent, moved along lawful states."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.messages import (
    UNSENT,
    MessageState,
    Stage,
    lawful_sources,
)
from services.notifications.domain.sentences import Sentence
from services.notifications.storage.tables import MessageRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction

TABLE = "message"
TEXT_COLUMN = "text_sealed"
_FILLED_LATER = (
    "version",
    "deferrals",
    "is_resent",
    "fence",
    "leased_until",
    "submitted_at",
)
_MOVED = "m.message_id, m.household_id, m.version, m.region_code, m.stage, m.state"


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Where a message stands: its month's partition, and its id in it."""

    created_at: datetime
    message_id: UUID


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be inserted; language, text and parts are None until its contact is known."""

    key: MessageKey
    dedupe_key: str
    region_code: str
    household_id: UUID
    stage: Stage
    topics: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    state: MessageState
    language: str | None
    text_sealed: bytes | None
    parts_count: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A message after a change of state, as other services are told of it."""

    message_id: UUID
    household_id: UUID
    version: int
    region_code: str
    stage: str
    state: MessageState


@dataclass(frozen=True, slots=True)
class DedupeClaim:
    """A wish to be the one message for a business event."""

    dedupe_key: str
    key: MessageKey
    region_code: str


async def claim_keys(tx: Transaction, claims: Sequence[DedupeClaim]) -> set[str]:
    """Take the dedupe keys that nobody took yet, for ever; return them."""
    cursor = await tx.execute(
        """
        INSERT INTO message_key (dedupe_key, message_id, created_at, region_code)
        SELECT * FROM unnest(%(keys)s::text[], %(ids)s::uuid[], %(created)s::timestamptz[],
                             %(regions)s::text[])
        ON CONFLICT (dedupe_key) DO NOTHING
        RETURNING dedupe_key
        """,
        {
            "keys": [claim.dedupe_key for claim in claims],
            "ids": [claim.key.message_id for claim in claims],
            "created": [claim.key.created_at for claim in claims],
            "regions": [claim.region_code for claim in claims],
        },
    )
    return {row["dedupe_key"] for row in await cursor.fetchall()}


async def insert_messages(tx: Transaction, messages: Sequence[NewMessage]) -> int:
    """Append messages whose dedupe keys were claimed in this transaction."""
    columns = column_names(MessageRow, without=_FILLED_LATER)
    rows = (
        (
            message.key.created_at,
            message.key.message_id,
            message.region_code,
            message.household_id,
            message.stage.value,
            list(message.topics),
            json.dumps([sentence.document() for sentence in message.sentences]),
            message.language,
            message.text_sealed,
            message.parts_count,
            message.state.value,
            message.key.created_at,  # not_before
            message.expires_at,
            message.key.created_at,  # changed_at
        )
        for message in messages
    )
    return await copy_rows(tx, TABLE, columns, rows)


async def withdraw(
    tx: Transaction,
    stage: Stage,
    news: Collection[tuple[UUID, tuple[str, ...]]],
    *,
    at: datetime,
    since: datetime,
) -> list[Moved]:
    """Suppress unsent messages that newer news makes untrue.

    Args:
        tx: The transaction that records the news.
        stage: Only messages of this stage.
        news: Household and the topics the news is about; a message goes when it is about nothing
            else.
        at: The business instant.
        since: Older messages have expired; their partitions are not looked at.
    """
    cursor = await tx.execute(
        f"""
        UPDATE message m
           SET state = 'SUPPRESSED', version = m.version + 1, changed_at = %(at)s
          FROM unnest(%(households)s::uuid[], %(topics)s::text[]) AS news (household_id, topics)
         WHERE m.household_id = news.household_id
           AND m.created_at BETWEEN %(since)s AND %(at)s
           AND m.stage = %(stage)s AND m.state = ANY(%(unsent)s)
           AND m.topics <@ string_to_array(news.topics, ' ')
        RETURNING {_MOVED}
        """,  # noqa: S608 -- a constant list of columns
        {
            "at": at,
            "since": since,
            "stage": stage.value,
            "unsent": [state.value for state in UNSENT],
            "households": [household_id for household_id, _ in news],
            "topics": [" ".join(topics) for _, topics in news],
        },
    )
    return moved_of(await cursor.fetchall())


async def move(
    tx: Transaction, target: MessageState, keys: Sequence[MessageKey], *, at: datetime
) -> list[Moved]:
    """Move messages to `target` from wherever that is lawful; return those that moved."""
    if not keys:
        return []
    created = [key.created_at for key in keys]
    cursor = await tx.execute(
        f"""
        UPDATE message m
           SET state = %(target)s, version = m.version + 1, changed_at = %(at)s,
               submitted_at = CASE WHEN m.state IN ('SUBMITTING', 'SUBMIT_UNKNOWN')
                                   THEN coalesce(m.submitted_at, %(at)s)
                                   ELSE m.submitted_at END
          FROM unnest(%(created)s::timestamptz[], %(ids)s::uuid[]) AS k (created_at, message_id)
         WHERE m.created_at = k.created_at AND m.message_id = k.message_id
           AND m.created_at BETWEEN %(first)s AND %(last)s
           AND m.state = ANY(%(sources)s)
        RETURNING {_MOVED}
        """,  # noqa: S608 -- a constant list of columns
        {
            "target": target.value,
            "at": at,
            "created": created,
            "ids": [key.message_id for key in keys],
            "first": min(created),
            "last": max(created),
            "sources": lawful_sources(target),
        },
    )
    return moved_of(await cursor.fetchall())


def moved_of(rows: Sequence[dict[str, object]]) -> list[Moved]:
    """Return rows of a `RETURNING` of the moved columns."""
    return [
        Moved(**{**row, "state": MessageState(str(row["state"]))})  # type: ignore[arg-type] # by column
        for row in rows
    ]
