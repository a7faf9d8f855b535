import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.rib import Rib, RibKeyWrongError, RibMalformedError, rib_key

REGISTRY_EXAMPLE = "011519000001205000534921"

stems = st.text(alphabet="0123456789", min_size=22, max_size=22)


def test_the_iban_registrys_own_example_is_right() -> None:
    assert Rib(REGISTRY_EXAMPLE).bank_code == "011"


@given(stems)
def test_a_number_with_its_key_is_a_multiple_of_97(stem: str) -> None:
    key = rib_key(stem)

    assert int(stem + key) % 97 == 0
    assert "01" <= key <= "97"
    assert Rib(stem + key).number == stem + key


@given(stems, st.integers(0, 23), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(stem: str, place: int, shift: int) -> None:
    right = stem + rib_key(stem)
    digit = str((int(right[place]) + shift) % 10)

    with pytest.raises(RibKeyWrongError):
        Rib(right[:place] + digit + right[place + 1 :])


@given(stems, st.integers(0, 22))
def test_any_swap_of_different_neighbours_is_caught(stem: str, place: int) -> None:
    right = stem + rib_key(stem)
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]

    if swapped != right:
        with pytest.raises(RibKeyWrongError):
            Rib(swapped)


@pytest.mark.parametrize("text", ["", "0" * 23, "0" * 25, "٠" * 24, " " * 24, "MA" + "0" * 22])
def test_what_is_not_24_ascii_digits_is_malformed(text: str) -> None:
    with pytest.raises(RibMalformedError):
        Rib(text)


def test_neither_the_value_nor_a_refusal_shows_the_number() -> None:
    assert REGISTRY_EXAMPLE not in repr(Rib(REGISTRY_EXAMPLE))
    with pytest.raises(RibKeyWrongError) as refusal:
        Rib(REGISTRY_EXAMPLE[:-1] + "2")
    assert REGISTRY_EXAMPLE[:-1] not in str(refusal.value)
