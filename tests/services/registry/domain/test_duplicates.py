"""What speaks for two records being of one person or household, and what against."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.registry.domain.declarations import Name
from services.registry.domain.duplicates import (
    ComparedHousehold,
    ComparedPerson,
    Evidence,
    households_evidence,
    one_slip_apart,
    persons_evidence,
)

PERSON = ComparedPerson(
    name_ar=Name("خديجة", "التازي"),
    name_latin=Name("Khadija", "TAZI"),
    birth_date=date(1984, 5, 17),
    province_code="01.511",
    commune_code="01.511.01.0",
    cnie="AB123456",
    residence_permit=None,
    phones=frozenset({"+212612345678"}),
    household_id=UUID(int=1),
)
WITHOUT_PAPERS = replace(PERSON, cnie=None, phones=frozenset(), household_id=None)
HOUSEHOLD = ComparedHousehold("01.511.01.0", "+212712345678", "M", head_has_spouse=False)


def codes(evidence: Evidence | None) -> set[str]:
    """Return what a proposal would say."""
    assert evidence is not None
    return set(evidence.codes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name_latin": Name("Kadija", "TAZI")}, "given-name-same"),
        ({"name_latin": Name("Khadija", "TZAI")}, "family-name-same"),
        ({"name_ar": Name("خديجة", "الطازي")}, "family-name-same"),
        ({"birth_date": date(1985, 5, 17)}, "birth-date-year-apart"),
        ({"birth_date": date(1984, 1, 1)}, "birth-date-first-january"),
        ({"commune_code": "01.511.01.1"}, "province-same"),
    ],
)
def test_a_record_that_differs_as_clerks_err_is_proposed(
    changes: dict[str, object], code: str
) -> None:
    double = replace(WITHOUT_PAPERS, **changes)  # type: ignore[arg-type] # named by each case
    assert code in codes(persons_evidence(PERSON, double))


def test_a_card_with_one_slip_and_a_shared_phone_speak_for_one_person() -> None:
    mistyped = replace(PERSON, cnie="AB123457", household_id=None)
    proposed = codes(persons_evidence(PERSON, mistyped))
    assert {"document-one-slip", "phone-shared"} <= proposed


def test_two_genuine_cards_tell_homonyms_apart() -> None:
    homonym = replace(PERSON, cnie="C987654", phones=frozenset(), household_id=UUID(int=2))
    assert persons_evidence(PERSON, homonym) is None


def test_twins_are_not_proposed_whatever_they_share() -> None:
    hassan = replace(
        WITHOUT_PAPERS,
        name_ar=Name("حسن", "التازي"),
        name_latin=Name("Hassan", "TAZI"),
        household_id=UUID(int=1),
    )
    hussein = replace(hassan, name_ar=Name("حسين", "التازي"), name_latin=Name("Houcine", "TAZI"))
    assert persons_evidence(hassan, hussein) is None


def test_one_household_does_not_register_a_person_twice() -> None:
    assert persons_evidence(replace(WITHOUT_PAPERS, household_id=UUID(int=1)), PERSON) is None


def test_a_namesake_elsewhere_born_another_day_is_nobody() -> None:
    namesake = replace(WITHOUT_PAPERS, birth_date=date(1984, 5, 18), commune_code="04.421.01.0")
    assert persons_evidence(PERSON, replace(namesake, province_code="04.421")) is None


def test_evidence_is_the_same_from_either_side() -> None:
    double = replace(WITHOUT_PAPERS, name_latin=Name("Khadidja", "TAZZI"))
    assert persons_evidence(PERSON, double) == persons_evidence(double, PERSON)


def test_a_household_declared_again_by_the_spouse_is_proposed() -> None:
    apart = replace(HOUSEHOLD, phone="+212700000001", head_sex="F")
    evidence = households_evidence(HOUSEHOLD, apart, facts_same=True, member_registered_twice=False)
    assert codes(evidence) == {"facts-same", "commune-same", "heads-may-be-spouses"}


def test_neighbours_with_equal_dwellings_are_not_one_household() -> None:
    neighbour = replace(HOUSEHOLD, phone="+212700000001", head_sex="M")
    assert (
        households_evidence(HOUSEHOLD, neighbour, facts_same=True, member_registered_twice=False)
        is None
    )


def test_a_member_registered_twice_joins_households_only_with_more_in_common() -> None:
    elsewhere = replace(HOUSEHOLD, commune_code="04.421.01.0", phone=None)
    assert (
        households_evidence(HOUSEHOLD, elsewhere, facts_same=False, member_registered_twice=True)
        is None
    )
    same_phone = replace(elsewhere, phone=HOUSEHOLD.phone)
    evidence = households_evidence(
        HOUSEHOLD, same_phone, facts_same=False, member_registered_twice=True
    )
    assert codes(evidence) == {"phone-same", "member-registered-twice"}


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("AB123456", "AB123457", True),
        ("AB123456", "AB124356", True),
        ("AB123456", "AB123456", False),
        ("AB123456", "AB12345", False),
        ("AB123456", "AB153426", False),
        ("AB123456", "XY123465", False),
    ],
)
def test_a_slip_is_one_wrong_character_or_two_neighbours_swapped(
    one: str, other: str, *, apart: bool
) -> None:
    assert one_slip_apart(one, other) is apart
