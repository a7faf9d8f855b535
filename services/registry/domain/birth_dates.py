"""How two birth dates of one person come to differ, and which dates to look under."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

_DAY = timedelta(days=1)


class DateRelation(StrEnum):
    """What one written birth date is to another."""

    SAME = "same"
    SWAPPED = "swapped"
    """Day and month stand in each other's place."""
    YEAR_APART = "year-apart"
    """The same day of the year before or after."""
    FIRST_JANUARY = "first-january"
    """One of them is the first of January, which clerks wrote when only the year was known."""
    OTHER = "other"


class Births(NamedTuple):
    """Birth dates from the first day to before the last one."""

    first: date
    before: date


def relation_of(one: date, other: date) -> DateRelation:
    """Return what two birth dates are to each other."""
    if one == other:
        return DateRelation.SAME
    if one.year == other.year:
        if (one.month, one.day) == (other.day, other.month):
            return DateRelation.SWAPPED
        if (1, 1) in ((one.month, one.day), (other.month, other.day)):
            return DateRelation.FIRST_JANUARY
    elif abs(one.year - other.year) == 1 and (one.month, one.day) == (other.month, other.day):
        return DateRelation.YEAR_APART
    return DateRelation.OTHER


def birth_codes(one: date, other: date) -> Iterator[str]:
    """Yield the code of what two birth dates are to each other, if it speaks for one person."""
    relation = relation_of(one, other)
    if relation is not DateRelation.OTHER:
        yield f"birth-date-{relation}"


def likely_births(born: date) -> list[Births]:
    """Return the dates under which a person may be recorded who is said to be born on a day."""
    if (born.month, born.day) == (1, 1):
        # Any day of that year may have been meant.
        days = [Births(born, date(born.year + 1, 1, 1))]
    else:
        days = [Births(born, born + _DAY), _only(date(born.year, 1, 1))]
        swapped = _date(born.year, born.day, born.month)
        if swapped is not None and swapped != born:
            days.append(_only(swapped))
    for year in (born.year - 1, born.year + 1):
        moved = _date(year, born.month, born.day)
        if moved is not None:
            days.append(_only(moved))
    return days


def births_of_years(first: int, last: int) -> Births:
    """Return all days of some years."""
    return Births(date(first, 1, 1), date(last + 1, 1, 1))


def _only(day: date) -> Births:
    return Births(day, day + _DAY)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
