"""Receipts and the delays they speak of."""

from datetime import date

import pytest

from services.registry.domain.declared_verbs import (
    Birth,
    Correction,
    Death,
    Departure,
    Marriage,
    Merge,
    Move,
    Registration,
    Review,
    Separation,
)
from services.registry.domain.receipts import (
    RECEIPT_NUMBERS,
    ReceiptFacts,
    read_receipt_number,
    receipt_number,
    receipt_texts,
    verbs,
)
from services.registry.domain.reviews import is_declared_late, is_newborn, review_due_on
from services.registry.domain.vocabulary import EvidenceKind


def test_a_receipt_number_has_sixteen_digits_that_guard_one_another() -> None:
    for drawn in (0, 1, 41_803_398_874_989, RECEIPT_NUMBERS - 1):
        number = receipt_number(drawn)
        assert len(number) == 16
        assert read_receipt_number(number) == number


def test_a_number_is_read_as_people_write_it() -> None:
    number = receipt_number(77)
    assert read_receipt_number(f"{number[:4]} {number[4:8]}-{number[8:]}") == number


@pytest.mark.parametrize("typed", ["", "1234", "1000 0000 0000 0052", "１000000000000051"])
def test_a_mistyped_number_is_told_from_an_unknown_one(typed: str) -> None:
    assert read_receipt_number(typed) is None


def test_two_neighbouring_digits_exchanged_are_noticed() -> None:
    number = receipt_number(123_456_789_012)
    exchanged = [
        number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        for at in range(15)
        if number[at] != number[at + 1]
    ]
    assert [read_receipt_number(text) for text in exchanged] == [None] * len(exchanged)


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_receipt_is_said_in_both_languages(verb: str) -> None:
    occurred, told = date(2026, 11, 1), date(2026, 11, 20)
    facts = ReceiptFacts(receipt_number(5), verb, occurred, occurred, told, late=True)
    arabic, french = receipt_texts(facts)
    for text in (arabic, french):
        assert "1000 0000 0000 0051" in text
        assert "20/11/2026" in text
        assert len(text.splitlines()) == 2
    assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)


def test_every_verb_has_words_and_evidence_that_the_vocabulary_knows() -> None:
    declared = (
        Registration,
        Correction,
        Move,
        Birth,
        Death,
        Departure,
        Marriage,
        Separation,
        Merge,
        Review,
    )
    known = {verb.code for verb in declared} | {"redeclaration", "suspension", "reinstatement"}
    assert verbs().keys() == known
    kinds = {kind.value for kind in EvidenceKind}
    assert all(words.evidence and kinds.issuperset(words.evidence) for words in verbs().values())


def test_the_fifteenth_day_is_still_in_time() -> None:
    assert not is_declared_late(date(2026, 11, 5), declared_on=date(2026, 11, 20))
    assert is_declared_late(date(2026, 11, 4), declared_on=date(2026, 11, 20))


def test_a_birth_is_one_for_a_year() -> None:
    assert is_newborn(date(2025, 11, 20), on=date(2026, 11, 20))
    assert not is_newborn(date(2025, 11, 19), on=date(2026, 11, 20))


def test_a_review_is_due_a_year_after_the_declaration() -> None:
    assert review_due_on(date(2026, 2, 28)) == date(2027, 2, 28)
    assert review_due_on(date(2015, 6, 1)) == date(2016, 6, 1)
