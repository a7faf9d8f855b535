"""Months of benefit, written `2026-11` on the wire and kept as their first day."""

from datetime import date
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

MONTHS_PER_YEAR = 12


class MalformedMonthError(DomainError):
    """A month is not written as year and month."""

    code: ClassVar[str] = "eligibility.month-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def month_of(day: date) -> date:
    """Return the first day of the month a day lies in."""
    return day.replace(day=1)


def month_after(month: date, months: int = 1) -> date:
    """Return the first day of the month so many months later."""
    count = month.year * MONTHS_PER_YEAR + month.month - 1 + months
    return date(count // MONTHS_PER_YEAR, count % MONTHS_PER_YEAR + 1, 1)


def read_month(label: str) -> date:
    """Return the first day of a month written as `2026-11`.

    Raises:
        MalformedMonthError: It is written otherwise.
    """
    try:
        return date.fromisoformat(f"{label}-01")
    except ValueError as error:
        message = "A month is written as year and month, for example 2026-11."
        raise MalformedMonthError(message) from error


def write_month(month: date) -> str:
    """Return a month as `2026-11`."""
    return f"{month:%Y-%m}"
