"""Executing files that are due, and telling the payer what became of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from itertools import islice

from simulators.bank.books import Books, credited_order, keep_report, next_report_number
from simulators.bank.reports import (
    Account,
    Entry,
    InformationStatus,
    OrderStatus,
    OriginalFile,
    Report,
    notification,
    status_report,
)
from simulators.standalone.clock import BusinessClock
from simulators.standalone.faults import ArmedFaults

NOTIFICATION_ENTRIES_MAX = 10_000
UNKNOWN_CENTIMES = 12_345

_ORDERS_OF_INFORMATION = """
SELECT order_seq, instruction_id, end_to_end_id, centimes, reason
  FROM payment_order WHERE file_seq = ? AND information = ? ORDER BY order_seq
"""
_CREDIT_THE_FILE = """
INSERT INTO booking (order_seq, kind, centimes)
SELECT order_seq, 'credit', centimes FROM payment_order
 WHERE file_seq = ? AND reason IS NULL ORDER BY order_seq
"""


class NewsFault(StrEnum):
    """Faults of what the bank tells, which strike the next reports."""

    DUPLICATE_REPORT = "duplicate-report"
    """The reports of a file are listed twice: the same bytes under a second report id."""
    WRONG_AMOUNT = "wrong-amount"
    """The first entry of a notification says one centime more than was debited."""


class UnknownOrderError(Exception):
    """No executed order with this end-to-end id can be given back."""


class Settlement:
    """Moves money and writes reports, each file in one transaction."""

    def __init__(self, books: Books, clock: BusinessClock, faults: ArmedFaults) -> None:
        """Work on `books`; dates on reports come from `clock`."""
        self._books = books
        self._clock = clock
        self._faults = faults

    def settle_next(self, *, now_ms: int) -> bool:
        """Execute the file that is due longest, and return False if none is due.

        A kill in between leaves the file untouched, and it is executed at the next start.
        """
        with self._books.transaction() as books:
            file = books.execute(
                "SELECT * FROM payment_file WHERE settled_at IS NULL AND due_ms <= ?"
                " ORDER BY due_ms, file_seq LIMIT 1",
                (now_ms,),
            ).fetchone()
            if file is None:
                return False
            twice = self._faults.strikes(NewsFault.DUPLICATE_REPORT)
            for report in self._execute(books, file):
                keep_report(books, report)
                if twice:
                    again = Report(f"{report.report_id}-AGAIN", report.kind, report.body)
                    keep_report(books, again)
        return True

    def give_back(self, end_to_end_id: str, *, reason: str) -> None:
        """Return an executed order to the payer, for an ISO reason.

        Raises:
            UnknownOrderError: No such order was executed, or it has been given back.
        """
        with self._books.transaction() as books:
            order = credited_order(books, end_to_end_id)
            if order is None:
                raise UnknownOrderError
            books.execute(
                "INSERT INTO booking (order_seq, kind, centimes) VALUES (?, 'return', ?)",
                (order["order_seq"], order["centimes"]),
            )
            file = _file(books, order["file_seq"])
            part = _informations(books, order["file_seq"])[order["information"]]
            entry = _entry(file, part, order, return_reason=reason)
            keep_report(books, self._notification(books, part, [entry]))

    def notify_unknown_debit(self) -> None:
        """Notify a debit that no payer asked for, on the account debited last or a made-up one."""
        with self._books.transaction() as books:
            number = next_report_number(books)
            part = books.execute(
                "SELECT * FROM payment_information ORDER BY file_seq DESC, position LIMIT 1"
            ).fetchone()
            entry = Entry(
                reference=f"U{number:012d}",
                msg_id=None,
                information_id=None,
                instruction_id=None,
                end_to_end_id=f"UNKNOWN{number:010d}",
                centimes=UNKNOWN_CENTIMES,
            )
            keep_report(books, self._notification(books, part, [entry]))

    def _execute(self, books: sqlite3.Connection, file: sqlite3.Row) -> Iterator[Report]:
        """Book one file, and yield its reports; the caller keeps each before it asks for more."""
        file_seq = file["file_seq"]
        books.execute(_CREDIT_THE_FILE, (file_seq,))
        books.execute(
            "UPDATE payment_file SET settled_at = ? WHERE file_seq = ?",
            (self._clock.now().isoformat(), file_seq),
        )
        parts = _informations(books, file_seq)
        orders = [
            books.execute(_ORDERS_OF_INFORMATION, (file_seq, part["position"])).fetchall()
            for part in parts
        ]
        yield status_report(
            next_report_number(books),
            written_at=self._clock.now(),
            original=OriginalFile(
                file["msg_id"], file["declared_count"], file["declared_sum"], file["reason"]
            ),
            informations=[
                InformationStatus(part["information_id"], [_status(row) for row in rows])
                for part, rows in zip(parts, orders, strict=True)
            ],
        )
        for part, rows in zip(parts, orders, strict=True):
            entries = (_entry(file, part, row) for row in rows if row["reason"] is None)
            while chunk := list(islice(entries, NOTIFICATION_ENTRIES_MAX)):
                yield self._notification(books, part, self._perhaps_wrong(chunk))

    def _perhaps_wrong(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        if not self._faults.strikes(NewsFault.WRONG_AMOUNT):
            return entries
        first, *others = entries
        return [replace(first, centimes=first.centimes + 1), *others]

    def _notification(
        self, books: sqlite3.Connection, part: sqlite3.Row | None, entries: Sequence[Entry]
    ) -> Report:
        now, today = self._clock.now(), self._clock.today()
        requested = date.fromisoformat(part["requested_on"]) if part else today
        account = (
            Account(part["debtor_scheme"], part["debtor_account"])
            if part
            else Account("Othr", "UNKNOWN")
        )
        return notification(
            next_report_number(books),
            written_at=now,
            value_on=max(today, requested),
            account=account,
            entries=entries,
        )


def _file(books: sqlite3.Connection, file_seq: int) -> sqlite3.Row:
    row: sqlite3.Row = books.execute(
        "SELECT * FROM payment_file WHERE file_seq = ?", (file_seq,)
    ).fetchone()
    return row


def _informations(books: sqlite3.Connection, file_seq: int) -> list[sqlite3.Row]:
    return books.execute(
        "SELECT * FROM payment_information WHERE file_seq = ? ORDER BY position", (file_seq,)
    ).fetchall()


def _status(order: sqlite3.Row) -> OrderStatus:
    return OrderStatus(order["instruction_id"], order["end_to_end_id"], order["reason"])


def _entry(
    file: sqlite3.Row, part: sqlite3.Row, order: sqlite3.Row, *, return_reason: str | None = None
) -> Entry:
    letter = "R" if return_reason else "D"
    return Entry(
        reference=f"{letter}{order['order_seq']:012d}",
        msg_id=file["msg_id"],
        information_id=part["information_id"],
        instruction_id=order["instruction_id"],
        end_to_end_id=order["end_to_end_id"],
        centimes=order["centimes"],
        return_reason=return_reason,
    )
