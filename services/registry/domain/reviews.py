"""By when a declaration must be reviewed; the interval is dated data."""

import calendar
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class ReviewInterval:
    """How many months may pass before a review, from a date on."""

    valid_from: date
    months: int


@cache
def review_intervals() -> Sequence[ReviewInterval]:
    """Return every interval the law ever set, the latest first."""
    document = tomllib.loads(files(__package__).joinpath("reviews.toml").read_text("utf-8"))
    intervals = (
        ReviewInterval(valid_from=entry["valid_from"], months=entry["value"])
        for entry in document["review_interval"]["values"]
    )
    return tuple(sorted(intervals, key=lambda interval: interval.valid_from, reverse=True))


def review_due_on(declared_on: date) -> date:
    """Return the last day on which a declaration stands without a review.

    A declaration older than the first interval is due by the first one: the registry did not
    exist before it.
    """
    intervals = review_intervals()
    months = next(
        (interval.months for interval in intervals if interval.valid_from <= declared_on),
        intervals[-1].months,
    )
    counted = declared_on.year * _MONTHS_A_YEAR + declared_on.month - 1 + months
    year, month = divmod(counted, _MONTHS_A_YEAR)
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(declared_on.day, last_day))
