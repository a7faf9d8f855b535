"""A broker inside one process, for the one-command stack: same promises, no server.

Messages are journalled in an SQLite file before `publish` returns and leave it when they are
acknowledged, so that a killed process loses none of them.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from shared.messaging.broker import (
    DELIVERIES_MAX,
    DeadLetter,
    Message,
    PoisonError,
    Receive,
    UnroutableError,
)
from shared.runtime.loops import heed_cancellation

log = structlog.get_logger(__name__)

REDELIVERY_SECONDS = 0.05

_JOURNAL = """
CREATE TABLE IF NOT EXISTS binding (type TEXT, queue TEXT, PRIMARY KEY (type, queue)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    event_id BLOB NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS message_queue ON message (queue, dead, position);
"""


@dataclass
class _Queue:
    ready: asyncio.Queue[tuple[int, Message]] = field(default_factory=asyncio.Queue)
    loaded: bool = False


class InProcessBroker:
    """Implements the broker port on one SQLite file."""

    def __init__(self, journal: Path) -> None:
        """Open or create the journal; what an earlier process left is delivered again."""
        self._journal = sqlite3.connect(journal, isolation_level=None, check_same_thread=False)
        self._journal.execute("PRAGMA journal_mode = WAL")
        self._journal.execute("PRAGMA synchronous = FULL")
        self._journal.executescript(_JOURNAL)
        self._queues: dict[str, _Queue] = {}
        self._deliverers: list[asyncio.Task[None]] = []

    async def declare(self, queue: str, types: Sequence[str]) -> None:
        """Bind a queue to types; both survive a restart."""
        with self._journal:
            self._journal.executemany(
                "INSERT OR IGNORE INTO binding (type, queue) VALUES (?, ?)",
                [(event_type, queue) for event_type in types],
            )
        state = self._queues.setdefault(queue, _Queue())
        if not state.loaded:
            state.loaded = True
            self._load(queue, state, dead=False)

    async def publish(self, message: Message) -> None:
        """Journal the message for every bound queue, then hand it over.

        Raises:
            UnroutableError: No queue is bound to its type.
        """
        bound = self._journal.execute(
            "SELECT queue FROM binding WHERE type = ?", (message.type,)
        ).fetchall()
        if not bound:
            text = "No queue is bound to this type of event."
            raise UnroutableError(text)
        places = []
        self._journal.execute("BEGIN IMMEDIATE")
        for (queue,) in bound:
            cursor = self._journal.execute(
                "INSERT INTO message (queue, event_id, type, body) VALUES (?, ?, ?, ?)",
                (queue, message.event_id.bytes, message.type, message.body),
            )
            places.append((queue, cursor.lastrowid or 0))
        self._journal.execute("COMMIT")
        for queue, position in places:
            state = self._queues.get(queue)
            if state is not None and state.loaded:
                state.ready.put_nowait((position, message))

    async def subscribe(self, queue: str, receive: Receive, *, prefetch: int) -> None:
        """Start `prefetch` deliverers for a declared queue."""
        state = self._queues[queue]
        for number in range(prefetch):
            task = asyncio.get_running_loop().create_task(
                self._deliver(state, receive), name=f"deliver-{queue}-{number}"
            )
            self._deliverers.append(task)

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Return the queue's dead letters, oldest first."""
        rows = self._journal.execute(
            "SELECT event_id, type, length(body) FROM message"
            " WHERE queue = ? AND dead = 1 ORDER BY position LIMIT ?",
            (queue, limit),
        )
        return [
            DeadLetter(queue, UUID(bytes=event_id), event_type, size)
            for event_id, event_type, size in rows
        ]

    async def replay(self, queue: str, *, limit: int) -> int:
        """Deliver dead letters afresh."""
        rows = self._journal.execute(
            "UPDATE message SET dead = 0, deliveries = 0 WHERE position IN ("
            " SELECT position FROM message WHERE queue = ? AND dead = 1"
            " ORDER BY position LIMIT ?) RETURNING position, event_id, type, body",
            (queue, limit),
        ).fetchall()
        state = self._queues.get(queue)
        if state is not None:
            for position, event_id, event_type, body in sorted(rows):
                message = Message(UUID(bytes=event_id), event_type, body)
                state.ready.put_nowait((position, message))
        return len(rows)

    async def close(self) -> None:
        """Stop deliverers; what they had not acknowledged stays in the journal."""
        for task in self._deliverers:
            task.cancel()
        if self._deliverers:
            await asyncio.wait(self._deliverers)
        self._deliverers.clear()
        self._journal.close()

    def _load(self, queue: str, state: _Queue, *, dead: bool) -> None:
        rows = self._journal.execute(
            "SELECT position, event_id, type, body FROM message"
            " WHERE queue = ? AND dead = ? ORDER BY position",
            (queue, int(dead)),
        )
        for position, event_id, event_type, body in rows:
            state.ready.put_nowait((position, Message(UUID(bytes=event_id), event_type, body)))

    async def _deliver(self, state: _Queue, receive: Receive) -> None:
        while True:
            position, message = await state.ready.get()
            await self._deliver_until_settled(position, message, receive)
            heed_cancellation()

    async def _deliver_until_settled(
        self, position: int, message: Message, receive: Receive
    ) -> None:
        while True:
            (deliveries,) = self._journal.execute(
                "UPDATE message SET deliveries = deliveries + 1 WHERE position = ?"
                " RETURNING deliveries",
                (position,),
            ).fetchone()
            try:
                await receive(message)
            except PoisonError:
                self._bury(position, message)
                return
            except Exception:  # whatever a consumer raises, the message must not be lost
                log.exception("delivery-failed", type=message.type, deliveries=deliveries)
                if deliveries >= DELIVERIES_MAX:
                    self._bury(position, message)
                    return
                await asyncio.sleep(REDELIVERY_SECONDS * deliveries)
            else:
                self._journal.execute("DELETE FROM message WHERE position = ?", (position,))
                return

    def _bury(self, position: int, message: Message) -> None:
        log.warning("dead-letter", type=message.type, event_id=str(message.event_id))
        self._journal.execute("UPDATE message SET dead = 1 WHERE position = ?", (position,))
