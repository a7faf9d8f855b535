"""Amounts, dates and months as Moroccans write them."""

from datetime import date
from decimal import Decimal

import pytest

from services.notifications.domain.formatting import (
    dirhams,
    exact_number,
    month_name,
    short_date,
)
from services.notifications.domain.transforms import Language


@pytest.mark.parametrize(
    ("centimes", "written"),
    [(0, "0"), (50_000, "500"), (135_050, "1350,50"), (5, "0,05"), (100_000_000, "1000000")],
)
def test_amounts_are_dirhams_with_centimes_only_where_there_are_some(
    centimes: int, written: str
) -> None:
    assert dirhams(centimes) == written


def test_a_negative_amount_is_never_told() -> None:
    with pytest.raises(ValueError, match="negative"):
        dirhams(-1)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("9.3264284623", "9,3264284623"),
        ("9.7430010000", "9,743001"),
        ("10.0000000000", "10"),
        ("0E-10", "0"),
        ("-1.5000000000", "-1,5"),
    ],
)
def test_an_index_keeps_every_digit_that_says_something(value: str, written: str) -> None:
    assert exact_number(Decimal(value)) == written


def test_months_have_their_moroccan_names() -> None:
    arabic = [month_name(f"2026-{number:02d}", language=Language.ARABIC) for number in (5, 8, 12)]
    assert arabic == ["ماي 2026", "غشت 2026", "دجنبر 2026"]
    assert month_name("2026-11", language=Language.FRENCH) == "novembre 2026"


@pytest.mark.parametrize("month", ["2026-13", "2026", "nov 2026", ""])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        month_name(month, language=Language.FRENCH)


def test_dates_read_the_same_in_both_languages() -> None:
    assert short_date(date(2026, 3, 1)) == "01/03/2026"
