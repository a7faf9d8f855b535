"""Messages: made once per dedupe key, withdrawn while unsent, moved along lawful states."""

import json
from collections.abc import Collection, Mapping, Sequence
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
from services.notifications.storage.arrays import array
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
_SETTLE = f"""
    UPDATE message m
       SET state = lawful.target, version = m.version + 1, changed_at = %(at)s,
           submitted_at = CASE WHEN m.state IN ('SUBMITTING', 'SUBMIT_UNKNOWN')
                               THEN coalesce(m.submitted_at, %(at)s)
                               ELSE m.submitted_at END
      FROM unnest(%(created)s::timestamptz[], %(ids)s::uuid[]) AS k (created_at, message_id),
           LATERAL (SELECT count(*) AS answered, min(p.state_rank) AS least
                      FROM message_part p WHERE p.message_id = k.message_id) AS known,
           unnest(%(sources)s::text[], %(targets)s::text[], %(ranks)s::smallint[])
           AS lawful (source, target, least)
     WHERE m.created_at = k.created_at AND m.message_id = k.message_id
       AND m.created_at BETWEEN %(first)s AND %(last)s
       AND known.answered >= m.parts_count
       AND lawful.least = known.least AND lawful.source = m.state
    RETURNING {_MOVED}
"""  # noqa: S608 -- a constant list of columns


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Where a message stands: its month's partition, and its id in it."""

    created_at: datetime
    message_id: UUID


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be inserted; language, text and parts are None until its contact is known."""

    key: MessageKey
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
            "keys": array([claim.dedupe_key for claim in claims]),
            "ids": array([claim.key.message_id for claim in claims]),
            "created": array([claim.key.created_at for claim in claims]),
            "regions": array([claim.region_code for claim in claims]),
        },
    )
    return {row["dedupe_key"] for row in await cursor.fetchall()}


async def insert_messages(tx: Transaction, messages: Sequence[NewMessage]) -> int:
    """Append messages whose dedupe keys were claimed in this transaction."""
    columns = column_names(MessageRow, without=_FILLED_LATER)
    rows = (
        (
            message.key.message_id,
            message.key.created_at,
            message.region_code,
            message.household_id,
            message.stage.value,
            array(message.topics),
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
            "households": array([household_id for household_id, _ in news]),
            "topics": array([" ".join(topics) for _, topics in news]),
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
            "created": array(created),
            "ids": array([key.message_id for key in keys]),
            "first": min(created),
            "last": max(created),
            "sources": lawful_sources(target),
        },
    )
    return moved_of(await cursor.fetchall())


async def settle(
    tx: Transaction,
    keys: Collection[MessageKey],
    *,
    proven: Mapping[int, MessageState],
    at: datetime,
) -> list[Moved]:
    """Move messages whose parts are all answered to what their least part proves.

    Args:
        tx: The transaction that learnt of the parts.
        keys: Messages whose parts changed.
        proven: The state of a message by the rank of its least part.
        at: The business instant.

    Returns:
        The messages that moved; a move that is not lawful is not made.
    """
    if not keys:
        return []
    created = [key.created_at for key in keys]
    lawful = [
        (source, target, rank)
        for rank, target in proven.items()
        for source in lawful_sources(target)
    ]
    cursor = await tx.execute(
        _SETTLE,
        {
            "at": at,
            "created": array(created),
            "ids": array([key.message_id for key in keys]),
            "sources": array([source for source, _, _ in lawful]),
            "targets": array([target for _, target, _ in lawful]),
            "ranks": array([rank for _, _, rank in lawful]),
            "first": min(created),
            "last": max(created),
        },
    )
    return moved_of(await cursor.fetchall())


def moved_of(rows: Sequence[dict[str, object]]) -> list[Moved]:
    """Return rows of a `RETURNING` of the moved columns."""
    return [
        Moved(**{**row, "state": MessageState(str(row["state"]))})  # type: ignore[arg-type] # by column
        for row in rows
    ]
