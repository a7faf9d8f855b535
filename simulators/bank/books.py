"""The bank's own truth in SQLite: files taken, orders, money booked, reports written.

Reports are kept as the bytes that were first written, so that a payer who asks twice, or after the
bank was killed, gets the same ones.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from simulators.bank.payment_file import PaymentFile
from simulators.bank.reports import Report
from simulators.standalone.state import StateFolder

_SCHEMA = """
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS payment_file (
    file_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    msg_id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    orders INTEGER NOT NULL,
    declared_count TEXT NOT NULL,
    declared_sum TEXT,
    reason TEXT,
    received_at TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    settled_at TEXT
);
CREATE INDEX IF NOT EXISTS payment_file_due ON payment_file (due_ms) WHERE settled_at IS NULL;
CREATE TABLE IF NOT EXISTS payment_information (
    file_seq INTEGER NOT NULL REFERENCES payment_file,
    position INTEGER NOT NULL,
    information_id TEXT NOT NULL,
    debtor_scheme TEXT NOT NULL,
    debtor_account TEXT NOT NULL,
    requested_on TEXT NOT NULL,
    PRIMARY KEY (file_seq, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payment_order (
    order_seq INTEGER PRIMARY KEY,
    file_seq INTEGER NOT NULL REFERENCES payment_file,
    information INTEGER NOT NULL,
    instruction_id TEXT,
    end_to_end_id TEXT NOT NULL,
    centimes INTEGER NOT NULL,
    reason TEXT
);
CREATE INDEX IF NOT EXISTS payment_order_file ON payment_order (file_seq);
CREATE INDEX IF NOT EXISTS payment_order_end_to_end ON payment_order (end_to_end_id);
CREATE TABLE IF NOT EXISTS booking (
    booking_seq INTEGER PRIMARY KEY,
    order_seq INTEGER NOT NULL REFERENCES payment_order,
    kind TEXT NOT NULL CHECK (kind IN ('credit', 'return')),
    centimes INTEGER NOT NULL CHECK (centimes > 0)
);
CREATE INDEX IF NOT EXISTS booking_order ON booking (order_seq);
CREATE TABLE IF NOT EXISTS report (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    report_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
);
"""

_REJECT_KNOWN_END_TO_END_IDS = """
UPDATE payment_order AS later
   SET reason = 'AM05'
 WHERE later.file_seq = :file_seq AND later.reason IS NULL
   AND EXISTS (SELECT 1 FROM payment_order AS earlier
                WHERE earlier.end_to_end_id = later.end_to_end_id
                  AND earlier.file_seq < later.file_seq AND earlier.reason IS NULL)
"""

_TOTALS = """
SELECT (SELECT count(*) FROM payment_file) AS files,
       (SELECT count(*) FROM payment_file WHERE settled_at IS NULL) AS files_waiting,
       (SELECT count(*) FROM payment_order) AS orders,
       (SELECT count(*) FROM payment_order WHERE reason IS NOT NULL) AS orders_rejected,
       count(*) FILTER (WHERE kind = 'credit') AS credits,
       coalesce(sum(centimes) FILTER (WHERE kind = 'credit'), 0) AS credited_centimes,
       count(*) FILTER (WHERE kind = 'return') AS returns,
       coalesce(sum(centimes) FILTER (WHERE kind = 'return'), 0) AS returned_centimes
  FROM booking
"""

_BY_END_TO_END_ID = """
SELECT o.end_to_end_id,
       count(DISTINCT o.order_seq) AS presented,
       count(*) FILTER (WHERE b.kind = 'credit') AS credits,
       coalesce(sum(b.centimes) FILTER (WHERE b.kind = 'credit'), 0) AS credited_centimes,
       count(*) FILTER (WHERE b.kind = 'return') AS returns,
       coalesce(sum(b.centimes) FILTER (WHERE b.kind = 'return'), 0) AS returned_centimes
  FROM payment_order AS o LEFT JOIN booking AS b USING (order_seq)
 WHERE o.end_to_end_id > :after
 GROUP BY o.end_to_end_id ORDER BY o.end_to_end_id LIMIT :limit
"""

_CREDITED_ORDER = """
SELECT o.order_seq, o.file_seq, o.information, o.instruction_id, o.end_to_end_id, o.centimes,
       o.reason
  FROM payment_order AS o JOIN booking AS b USING (order_seq)
 WHERE o.end_to_end_id = :end_to_end_id AND b.kind = 'credit'
   AND NOT EXISTS (SELECT 1 FROM booking AS r WHERE r.order_seq = o.order_seq AND r.kind = 'return')
 ORDER BY o.order_seq LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the bank said when it took a file; saying it again changes nothing."""

    msg_id: str
    sha256: str
    orders: int
    received_at: str


class Books:
    """Every statement about money that this bank can make; safe to use from several threads."""

    def __init__(self, state: StateFolder) -> None:
        """Open the books in the state folder, or begin them."""
        self._connection = state.open_database("bank.sqlite3", schema=_SCHEMA)
        self._lock = Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the books for one writer; all of the block is kept, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def receipt(self, msg_id: str) -> Receipt | None:
        """Return what was said about a file taken earlier."""
        rows = self._rows(
            "SELECT msg_id, sha256, orders, received_at FROM payment_file WHERE msg_id = :msg_id",
            {"msg_id": msg_id},
        )
        return Receipt(**rows[0]) if rows else None

    def take(self, file: PaymentFile, *, sha256: str, received_at: str, due_ms: int) -> Receipt:
        """Keep a file and its orders, unless its message id is known, and return the receipt.

        Orders of a file that is refused as a whole are not kept: the bank never looked at them. An
        end-to-end id that an earlier file already had executed is rejected as a duplicate.
        """
        with self.transaction() as books:
            known = books.execute(
                "SELECT msg_id, sha256, orders, received_at FROM payment_file WHERE msg_id = ?",
                (file.message_id,),
            ).fetchone()
            if known is not None:
                return Receipt(**known)
            file_seq = books.execute(
                "INSERT INTO payment_file (msg_id, sha256, orders, declared_count, declared_sum,"
                " reason, received_at, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING file_seq",
                (
                    file.message_id,
                    sha256,
                    file.orders_count,
                    file.declared_count,
                    file.declared_sum,
                    file.reason,
                    received_at,
                    due_ms,
                ),
            ).fetchone()[0]
            if file.reason is None:
                _keep_orders(books, file, file_seq=file_seq)
        return Receipt(file.message_id, sha256, file.orders_count, received_at)

    def reports_after(self, seq: int, *, limit: int) -> list[dict[str, Any]]:
        """Return seq, kind and id of the reports written after `seq`, oldest first."""
        return self._rows(
            "SELECT seq, kind, report_id FROM report WHERE seq > :seq ORDER BY seq LIMIT :limit",
            {"seq": seq, "limit": limit},
        )

    def report_body(self, report_id: str) -> bytes | None:
        """Return the bytes of a report, always the same ones."""
        rows = self._rows("SELECT body FROM report WHERE report_id = :id", {"id": report_id})
        return rows[0]["body"] if rows else None

    def totals(self) -> dict[str, Any]:
        """Return counts of everything, and sums in centimes."""
        return self._rows(_TOTALS, {})[0]

    def by_end_to_end_id(self, *, after: str, limit: int) -> list[dict[str, Any]]:
        """Return how often each order was presented and credited, with sums in centimes."""
        return self._rows(_BY_END_TO_END_ID, {"after": after, "limit": limit})

    def _rows(self, query: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, parameters)]


def credited_order(books: sqlite3.Connection, end_to_end_id: str) -> sqlite3.Row | None:
    """Return the oldest order with this id that was credited and not given back, or None."""
    row: sqlite3.Row | None = books.execute(
        _CREDITED_ORDER, {"end_to_end_id": end_to_end_id}
    ).fetchone()
    return row


def next_report_number(books: sqlite3.Connection) -> int:
    """Return the number that the next report will have, inside the transaction that writes it."""
    row = books.execute("SELECT coalesce(max(seq), 0) + 1 FROM report").fetchone()
    return int(row[0])


def keep_report(books: sqlite3.Connection, report: Report) -> None:
    """Write a report for good; payers find it by its number, in this order."""
    books.execute(
        "INSERT INTO report (report_id, kind, body) VALUES (?, ?, ?)",
        (report.report_id, report.kind, report.body),
    )


def _keep_orders(books: sqlite3.Connection, file: PaymentFile, *, file_seq: int) -> None:
    for position, part in enumerate(file.informations):
        books.execute(
            "INSERT INTO payment_information VALUES (?, ?, ?, ?, ?, ?)",
            (
                file_seq,
                position,
                part.information_id,
                part.debtor_scheme,
                part.debtor_account,
                str(part.requested_on),
            ),
        )
        books.executemany(
            "INSERT INTO payment_order (file_seq, information, instruction_id, end_to_end_id,"
            " centimes, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (
                (file_seq, position, o.instruction_id, o.end_to_end_id, o.centimes, o.reason)
                for o in part.orders
            ),
        )
    books.execute(_REJECT_KNOWN_END_TO_END_IDS, {"file_seq": file_seq})
