"""Birth dates as clerks write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.birth_dates import DateRelation, likely_births, relation_of


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        (date(1989, 4, 12), date(1989, 4, 12), DateRelation.SAME),
        (date(1989, 4, 12), date(1989, 12, 4), DateRelation.SWAPPED),
        (date(1989, 4, 12), date(1990, 4, 12), DateRelation.YEAR_APART),
        (date(1989, 4, 12), date(1989, 1, 1), DateRelation.FIRST_JANUARY),
        (date(1989, 4, 12), date(1991, 4, 12), DateRelation.OTHER),
        (date(1989, 4, 12), date(1989, 4, 13), DateRelation.OTHER),
    ],
)
def test_two_dates_are_related_as_clerks_mistake_them(
    one: date, other: date, relation: DateRelation
) -> None:
    assert relation_of(one, other) is relation
    assert relation_of(other, one) is relation


def test_the_29th_of_february_has_no_day_a_year_later() -> None:
    days = {births.first for births in likely_births(date(2004, 2, 29))}
    assert days == {date(2004, 2, 29), date(2004, 1, 1)}


@given(
    st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.dates(date(1900, 1, 1), date(2030, 12, 31))
)
def test_the_likely_births_are_those_that_are_related(asked: date, recorded: date) -> None:
    likely = any(first <= recorded < before for first, before in likely_births(asked))
    assert likely == (relation_of(asked, recorded) is not DateRelation.OTHER)
