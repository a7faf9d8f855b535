"""By when a declaration must be reviewed, and a change declared; every delay is dated data."""

import calendar
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A number that the law sets from a date on, in the unit that its entry states."""

    valid_from: date
    value: int


@cache
def dated_values(entry: str) -> Sequence[DatedValue]:
    """Return every value the law ever set for an entry of `reviews.toml`, the latest first."""
    document = tomllib.loads(files(__package__).joinpath("reviews.toml").read_text("utf-8"))
    values = (
        DatedValue(valid_from=item["valid_from"], value=item["value"])
        for item in document[entry]["values"]
    )
    return tuple(sorted(values, key=lambda item: item.valid_from, reverse=True))


def value_in_force(entry: str, *, on: date) -> int:
    """Return what the law sets on a day; before the first value, that one."""
    values = dated_values(entry)
    return next((item.value for item in values if item.valid_from <= on), values[-1].value)


def review_due_on(declared_on: date) -> date:
    """Return the last day on which a declaration stands without a review.

    A declaration older than the first interval is due by the first one: the registry did not
    exist before it.
    """
    months = value_in_force("review_interval", on=declared_on)
    counted = declared_on.year * _MONTHS_A_YEAR + declared_on.month - 1 + months
    year, month = divmod(counted, _MONTHS_A_YEAR)
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(declared_on.day, last_day))


def is_declared_late(occurred_on: date, *, declared_on: date) -> bool:
    """Say whether a change was declared after the delay for it; the last day is still in time."""
    days = value_in_force("declaration_delay", on=declared_on)
    return (declared_on - occurred_on).days > days


def is_newborn(birth_date: date, *, on: date) -> bool:
    """Say whether a birth of that day may still be declared as one."""
    return (on - birth_date).days <= value_in_force("newborn_age", on=on)
