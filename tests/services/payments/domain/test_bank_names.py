import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.bank_names import (
    BANK_NAME_CHARACTERS_MAX,
    NameUnwritableError,
    bank_name,
)

BANK_SET = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]{1,70}")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("EL IDRISSI Salma", "EL IDRISSI Salma"),
        ("Aït Ben-Haddou Zoé", "Ait Ben-Haddou Zoe"),
        ("L\N{RIGHT SINGLE QUOTATION MARK}HAMDI  Œuvre", "L'HAMDI OEuvre"),
        ("Said & fils; <b>", "Said fils b"),
        ("N\N{NO-BREAK SPACE}A", "N A"),
    ],
)
def test_a_latin_name_is_written_without_accents_or_strange_signs(name: str, written: str) -> None:
    assert bank_name(name) == written


@pytest.mark.parametrize("name", ["فاطمة", "EL IDRISSI سلمى", "Σωκράτης", "12 34", "", "---"])
def test_a_name_is_never_guessed_from_another_script(name: str) -> None:
    with pytest.raises(NameUnwritableError):
        bank_name(name)


@given(st.text(max_size=200))
def test_whatever_is_written_is_in_the_banks_set(name: str) -> None:
    try:
        written = bank_name(name)
    except NameUnwritableError:
        return
    assert BANK_SET.fullmatch(written)
    assert len(written) <= BANK_NAME_CHARACTERS_MAX
    assert bank_name(written) == written
