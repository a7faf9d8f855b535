"""Texts become cheaper to send and stay what they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.gsm_alphabet import fits_gsm
from services.notifications.domain.transforms import (
    Language,
    clean_arabic,
    fit_to_gsm,
    transformed,
)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("reçu", "recu"),
        ("être à l’heure", "etre à l'heure"),
        ("œuvre", "oeuvre"),
        ("À partir d'août", "A partir d'aout"),
        ("« oui »", '"oui"'),
        ("«\u00a0oui\u202f»", '"oui"'),
        ("1\u202f375,5", "1 375,5"),
        ("déjà payée", "déjà payée"),
        ("Noël–été…", "Noel-été..."),
    ],
)
def test_french_is_fitted_to_the_gsm_alphabet(written: str, sent: str) -> None:
    assert fit_to_gsm(written) == sent
    assert fits_gsm(sent)


def test_an_accent_written_apart_is_fitted_too() -> None:
    assert fit_to_gsm("e\u0301te\u0302") == "éte"


def test_a_character_without_a_near_form_stays() -> None:
    assert fit_to_gsm("ASD سلام") == "ASD سلام"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("\u200fالأسرة\u200e", "الأسرة"),
        ("الـــدعم", "الدعم"),
        ("مُؤَشِّر", "مؤشر"),
        ("ﺳﻼﻡ", "سلام"),
        ("٥٠٠ درهم", "500 درهم"),
        ("۱۲", "12"),
        ("\u202b500\u202c\u00a0درهم", "500 درهم"),
    ],
)
def test_arabic_is_cleaned(written: str, sent: str) -> None:
    assert clean_arabic(written) == sent


@given(st.text(), st.sampled_from(Language))
def test_a_transformed_text_is_not_transformed_further(text: str, language: Language) -> None:
    once = transformed(text, language=language)
    assert transformed(once, language=language) == once
