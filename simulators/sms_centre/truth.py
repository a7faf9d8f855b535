"""The centre's own truth in SQLite: parts that reached handsets, and receipts still owed."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from simulators.standalone.state import StateFolder

# Above 16, so that a decimal and a hexadecimal id always differ.
FIRST_MESSAGE_ID = 1_000_000_001

# NORMAL: a commit survives the death of this process, if not that of the machine; thousands of
# messages a second could not wait for the disk.
# A concatenation reference is used again after 256 or 65,536 texts, so the n-th arrival of each
# part of a reference belongs to the n-th text.
_SCHEMA = """
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS part (
    message_id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    reference TEXT NOT NULL,
    total INTEGER NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    state TEXT NOT NULL,
    receipt_due_ms INTEGER,
    receipt_acknowledged INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS part_receipt_owed ON part (receipt_due_ms)
 WHERE receipt_due_ms IS NOT NULL AND receipt_acknowledged = 0;
CREATE VIEW IF NOT EXISTS placed_part AS
SELECT *, row_number() OVER (
           PARTITION BY source, destination, reference, total, number ORDER BY message_id) AS round
  FROM part WHERE state = 'DELIVRD';
"""
_COUNTS = """
WITH handset_text AS (
    SELECT count(*) AS arrived, total FROM placed_part
     GROUP BY source, destination, reference, total, round)
SELECT count(*) FILTER (WHERE arrived = total) AS messages,
       count(*) FILTER (WHERE arrived < total) AS incomplete,
       (SELECT count(DISTINCT destination) FROM part WHERE state = 'DELIVRD') AS handsets,
       (SELECT count(*) FROM part WHERE state = 'DELIVRD') AS parts,
       (SELECT count(*) FROM part WHERE state <> 'DELIVRD') AS parts_undelivered,
       (SELECT count(*) FROM part WHERE receipt_due_ms IS NOT NULL) AS receipts,
       (SELECT count(*) FROM part WHERE receipt_acknowledged) AS receipts_acknowledged
  FROM handset_text
"""
_TEXTS = """
SELECT min(message_id) AS text_id, source, destination AS number, total AS parts,
       count(*) = total AS complete, max(accepted_at) AS received_at,
       json_group_object(placed_part.number, text) AS text
  FROM placed_part
 GROUP BY source, destination, reference, total, round
HAVING min(message_id) > ? ORDER BY text_id LIMIT ?
"""
_OWED = """
SELECT message_id, source, destination, accepted_at, state, receipt_due_ms
  FROM part WHERE receipt_due_ms IS NOT NULL AND receipt_acknowledged = 0
 ORDER BY receipt_due_ms LIMIT ?
"""


class MessageState(StrEnum):
    """What became of a part, in the word that receipts use."""

    DELIVERED = "DELIVRD"
    UNDELIVERABLE = "UNDELIV"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a receipt repeats of a part: `receipt_due_ms` is None where none was asked for."""

    message_id: int
    source: str
    destination: str = field(repr=False)
    accepted_at: str
    state: str
    receipt_due_ms: int | None


@dataclass(frozen=True, slots=True)
class AcceptedPart:
    """A part as it reached, or did not reach, a handset."""

    acceptance: Acceptance
    reference: str
    total: int
    number: int
    text: str = field(repr=False)

    def row(self) -> tuple[object, ...]:
        """Return the columns of its row, in their order."""
        told = self.acceptance
        return (
            told.message_id,
            told.source,
            told.destination,
            self.reference,
            self.total,
            self.number,
            self.text,
            told.accepted_at,
            told.state,
            told.receipt_due_ms,
            0,
        )


class HandsetTruth:
    """The only record of what was received; safe to use from several threads."""

    def __init__(self, state: StateFolder) -> None:
        """Open the record in the state folder, or begin it."""
        self._connection = state.open_database("sms_centre.sqlite3", schema=_SCHEMA)
        self._lock = Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def next_message_id(self) -> int:
        """Return an id above all that were ever given."""
        query = "SELECT max(message_id) + 1 AS next FROM part"
        return int(self._rows(query, ())[0]["next"] or FIRST_MESSAGE_ID)

    def record(self, parts: Sequence[AcceptedPart], *, acknowledged: Sequence[int]) -> None:
        """Keep parts, and the ids whose receipts were acknowledged, in one transaction."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [part.row() for part in parts],
                )
                self._connection.executemany(
                    "UPDATE part SET receipt_acknowledged = 1 WHERE message_id = ?",
                    [(message_id,) for message_id in acknowledged],
                )
            except sqlite3.Error:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def owed_receipts(self, *, limit: int) -> list[Acceptance]:
        """Return the parts whose receipts nobody has acknowledged, by the time they are due."""
        return [Acceptance(**row) for row in self._rows(_OWED, (limit,))]

    def counts(self) -> dict[str, Any]:
        """Return counts alone: of texts, complete and not, handsets, parts and receipts."""
        return self._rows(_COUNTS, ())[0]

    def texts(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Return texts as handsets show them, with their numbers: for tests, and only for them.

        An incomplete text shows the parts that came.
        """
        rows = self._rows(_TEXTS, (after, limit))
        return [
            {**row, "complete": bool(row["complete"]), "text": _joined(row["text"])} for row in rows
        ]

    def _rows(self, query: str, parameters: Sequence[object]) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, parameters)]


def _joined(texts_by_number: str) -> str:
    texts = json.loads(texts_by_number)
    return "".join(texts[number] for number in sorted(texts, key=int))
