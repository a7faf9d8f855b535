"""What a bank answers, whatever format it answers in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

ACCEPTING = frozenset({"ACCC", "ACCP", "ACSC", "ACSP", "ACTC", "ACWC", "ACWP"})
"""Statuses by which a bank takes an order on; only a booked entry proves that it paid."""

REJECTING = "RJCT"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What the bank says of one transfer; of the whole file when `end_to_end_id` is None."""

    line_no: int
    end_to_end_id: str | None
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A pain.002: about which of our files, and its lines, the group's own as line 0."""

    msg_id: str
    lines: Sequence[StatusLine]
    malformed: Sequence[int]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One booked movement on our account, in centimes."""

    line_no: int
    entry_ref: str
    detail_no: int
    end_to_end_id: str | None
    amount_centimes: int
    currency: str
    direction: str
    booked_on: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class CreditNotification:
    """A camt.054: its identification, and its movements."""

    statement_id: str
    lines: Sequence[EntryLine]
    malformed: Sequence[int]
