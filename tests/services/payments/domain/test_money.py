from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.money import (
    CENTIMES_MAX,
    AmountMalformedError,
    centimes_of,
    decimal_text,
)


@given(st.integers(0, CENTIMES_MAX - 1))
def test_an_amount_survives_the_wire(centimes: int) -> None:
    text = decimal_text(centimes)

    assert centimes_of(text) == centimes
    assert Decimal(text) * 100 == centimes


@pytest.mark.parametrize(("text", "centimes"), [("0", 0), ("12", 1200), ("12.3", 1230)])
def test_missing_decimal_places_are_zeros(text: str, centimes: int) -> None:
    assert centimes_of(text) == centimes


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.234", "1e3", "1,00", ".5", "1.", "٣", "NaN", "1" * 14, "0x1"]
)
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(AmountMalformedError):
        centimes_of(text)


@pytest.mark.parametrize("centimes", [-1, CENTIMES_MAX])
def test_an_amount_out_of_bounds_is_not_written(centimes: int) -> None:
    with pytest.raises(AmountMalformedError):
        decimal_text(centimes)
