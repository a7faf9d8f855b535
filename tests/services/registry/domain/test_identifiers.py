"""Identifiers: what is well formed, and what a slip of the pen does to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.identifiers import (
    CheckDigit,
    is_cnie,
    is_idcs_shape,
    is_rib_shape,
    mobile_number,
    rib_key_holds,
)
from tests.services.registry.declaring import A_RIB, an_idcs

IDCS = st.integers(min_value=0, max_value=99_999_999).map(an_idcs)


@pytest.mark.parametrize("digits", ["2363", "123451", "1428570"])
def test_verhoeff_agrees_with_published_examples(digits: str) -> None:
    assert CheckDigit.VERHOEFF.holds(digits)


def test_luhn_agrees_with_its_published_example() -> None:
    assert CheckDigit.LUHN.holds("79927398713")
    assert not CheckDigit.LUHN.holds("79927398710")


@given(idcs=IDCS, position=st.integers(0, 9), step=st.integers(1, 9))
def test_verhoeff_finds_every_wrong_digit(idcs: str, position: int, step: int) -> None:
    wrong = str((int(idcs[position]) + step) % 10)
    assert not CheckDigit.VERHOEFF.holds(idcs[:position] + wrong + idcs[position + 1 :])


@given(idcs=IDCS, position=st.integers(0, 8))
def test_verhoeff_finds_every_exchange_of_neighbours(idcs: str, position: int) -> None:
    left, right = idcs[position], idcs[position + 1]
    swapped = idcs[:position] + right + left + idcs[position + 2 :]
    assert CheckDigit.VERHOEFF.holds(swapped) == (left == right)


@pytest.mark.parametrize(
    "text", ["1820193756", "482019375", "48201937561", "482019375a", "٤820193756"]
)
def test_an_idcs_has_ten_latin_digits_and_begins_with_two_to_nine(text: str) -> None:
    assert not is_idcs_shape(text)


@pytest.mark.parametrize("text", ["A1", "AB123456", "K9876543"])
def test_a_cnie_is_one_or_two_letters_and_digits(text: str) -> None:
    assert is_cnie(text)


@pytest.mark.parametrize(
    "text", ["", "AB0123", "ABC12345", "AB1234567", "ab123456", "AB 12345", "A1\n"]
)
def test_other_texts_are_no_cnie(text: str) -> None:
    assert not is_cnie(text)


def test_a_rib_has_24_digits_of_which_the_last_two_guard_the_others() -> None:
    assert is_rib_shape(A_RIB)
    assert rib_key_holds(A_RIB)
    assert not rib_key_holds(A_RIB[:-1] + "2")
    assert not is_rib_shape(A_RIB[:-1])


@pytest.mark.parametrize("text", ["+212612345678", "00212612345678", "0612345678"])
def test_mobile_numbers_are_brought_to_one_form(text: str) -> None:
    assert mobile_number(text) == "+212612345678"


@pytest.mark.parametrize("text", ["+212512345678", "+33612345678", "+21261234567", "612345678", ""])
def test_numbers_that_cannot_receive_sms_are_refused(text: str) -> None:
    assert mobile_number(text) is None
