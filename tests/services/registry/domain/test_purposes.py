"""Purposes and their legal bases, in the words that citizens read."""

from datetime import date

import pytest

from services.registry.domain.policies import Attribute
from services.registry.domain.purposes import Purpose, disclosures

BOOK = disclosures()


@pytest.mark.parametrize("purpose", BOOK.purposes.values(), ids=lambda purpose: purpose.code)
def test_every_purpose_says_in_both_languages_what_entitles_to_it(purpose: Purpose) -> None:
    basis = purpose.legal_basis_on(date(2026, 11, 20))
    assert basis is not None
    for words in (purpose.sentence, purpose.office, basis.text):
        assert words.fr
        assert any("\u0600" <= letter <= "\u06ff" for letter in words.ar)


def test_nothing_entitles_before_there_was_a_law() -> None:
    assert BOOK.purposes["enrolment-check"].legal_basis_on(date(2020, 8, 12)) is None
    assert BOOK.purposes["enrolment-check"].legal_basis_on(date(2020, 8, 13)) is not None


def test_every_attribute_that_a_policy_can_name_has_a_name_for_citizens() -> None:
    assert {attribute.value for attribute in Attribute} <= set(BOOK.attributes)


def test_what_has_no_words_yet_is_told_as_another_datum_and_never_left_out() -> None:
    assert BOOK.attribute("shoe_size") == BOOK.attributes["other"]
    assert BOOK.result("guessed") == BOOK.results["other"]
