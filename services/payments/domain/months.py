"""Which months a cycle may be opened for."""

from datetime import date, timedelta

LONGEST_MONTH = timedelta(days=31)
DAY = timedelta(days=1)


def is_payable(month: str, *, on: date) -> bool:
    """Return whether a month is the one of a date, the one before it or the one after it.

    A cycle takes its month until it is aborted, so that a slip of the pen must not open one.

    Args:
        month: As "2026-11".
        on: The business date.
    """
    first = on.replace(day=1)
    return month in {f"{day:%Y-%m}" for day in (first - DAY, first, first + LONGEST_MONTH)}
