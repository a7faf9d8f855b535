"""The list of RAMED: which rows can be read, and whom a row names."""

from dataclasses import replace
from datetime import date

import pytest

from services.registry.domain.declarations import Name
from services.registry.domain.ramed import (
    NOBODY_LIKE_THIS,
    MalformedRow,
    Outcome,
    RamedRow,
    RegisteredPerson,
    likeness_to_row,
    outcome_of,
    read_rows,
    why_unknown,
)

TODAY = date(2026, 11, 20)
GOOD = "RAMED-1,خديجة,التازي,Khadija,TAZI,1984-05-17,01.511.01.0,AB123456"
PERSON = RegisteredPerson(
    Name("خديجة", "التازي"),
    Name("Khadija", "TAZI"),
    date(1984, 5, 17),
    "01.511",
    "01.511.01.0",
    "AB123456",
)


def read(line: str) -> RamedRow | MalformedRow:
    """Return a line as it is read."""
    (row,) = read_rows([line], first_line=2, today=TODAY)
    return row


def score(person: RegisteredPerson, line: str = GOOD) -> int:
    """Return how much speaks for a person."""
    row = read(line)
    assert isinstance(row, RamedRow)
    likeness = likeness_to_row(person, row)
    return 0 if likeness is None else likeness.score


def test_a_good_row_is_read() -> None:
    row = read(GOOD)
    assert isinstance(row, RamedRow)
    assert (row.line, row.number, row.cnie) == (2, "RAMED-1", "AB123456")
    assert (row.province_code, row.region_code) == ("01.511", "01")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "columns-missing"),
        ("RAMED-1,a,b", "columns-missing"),
        (GOOD + ",more", "columns-missing"),
        (GOOD.replace("RAMED-1", ""), "number-invalid"),
        (GOOD.replace("خديجة", "").replace("Khadija", ""), "name-missing"),
        (GOOD.replace("1984-05-17", "1984-02-30"), "birth-date-invalid"),
        (GOOD.replace("1984-05-17", "2031-01-01"), "birth-date-invalid"),
        (GOOD.replace("01.511.01.0", "99.999.99.9"), "commune-unknown"),
        (GOOD.replace("Khadija", "Kha\x00dija"), "value-invalid"),
        (GOOD.replace("Khadija", "K" * 121), "value-invalid"),
        ("x" * 1_001, "line-too-long"),
        ('"RAMED', "not-csv"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(line: str, reason: str) -> None:
    row = read(line)
    assert isinstance(row, MalformedRow)
    assert row.reason == reason


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cnie": None},
        {"name_latin": Name("Kadidja", "TAZI"), "cnie": None},
        {"birth_date": date(1985, 5, 17), "cnie": None},
        {"birth_date": date(1984, 1, 1), "commune_code": "01.511.01.1", "cnie": None},
        {"name_ar": Name("خديجه", "تازي"), "commune_code": "01.511.01.1", "cnie": None},
    ],
)
def test_a_person_with_a_difference_or_two_is_the_one(changes: dict[str, object]) -> None:
    person = replace(PERSON, **changes)  # type: ignore[arg-type] # named by each case
    assert outcome_of([score(person)]) == (Outcome.MATCHED, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"cnie": "ZZ999999"},
        {"birth_date": date(1984, 5, 18), "cnie": None},
        {"name_latin": Name("Karima", "TAZI"), "name_ar": Name("كريمة", "التازي")},
        {"birth_date": date(1985, 5, 17), "commune_code": "04.421.01.0", "province_code": "04.421",
         "cnie": None},
    ],
)  # fmt: skip
def test_another_person_is_not(changes: dict[str, object]) -> None:
    person = replace(PERSON, **changes)  # type: ignore[arg-type] # named by each case
    assert outcome_of([score(person)])[0] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "misfits"),
    [
        ({"cnie": "ZZ999999"}, {"cards-differ"}),
        ({"birth_date": date(1984, 5, 18), "cnie": None}, {"birth-date-differs"}),
        (
            {"province_code": "04.421", "commune_code": "04.421.01.0", "cnie": "ZZ999999"},
            {"cards-differ", "province-differs"},
        ),
        ({"name_latin": Name("Karima", "TAZI"), "name_ar": Name("كريمة", "التازي"), "cnie": None},
         {"given-name-differs"}),
    ],
)  # fmt: skip
def test_a_row_that_names_nobody_says_what_does_not_fit_the_nearest(
    changes: dict[str, object], misfits: set[str]
) -> None:
    person = replace(PERSON, **changes)  # type: ignore[arg-type] # named by each case
    stranger = replace(PERSON, name_ar=Name("عمر", "بناني"), name_latin=Name("Omar", "BENNANI"),
                       cnie=None)  # fmt: skip
    row = read(GOOD)
    assert isinstance(row, RamedRow)
    reasons = set(why_unknown(row, [stranger, person]).reasons)
    assert {code for code in reasons if code.endswith(("differ", "differs"))} == misfits
    assert why_unknown(row, [stranger]) == why_unknown(row, []) == NOBODY_LIKE_THIS


def test_a_row_without_latin_letters_is_compared_in_arabic_alone() -> None:
    line = GOOD.replace("Khadija", "").replace("TAZI", "").replace("AB123456", "")
    assert score(PERSON, line) == score(PERSON, GOOD.replace("AB123456", ""))


def test_two_who_fit_alike_are_left_to_people() -> None:
    assert outcome_of([810, 810, 400]) == (Outcome.AMBIGUOUS, 2)
    assert outcome_of([810, 640]) == (Outcome.MATCHED, 1)
    assert outcome_of([]) == (Outcome.UNKNOWN, 0)
