"""The truth beside a dirty population is true of it."""

import csv
from collections import Counter
from datetime import date

import pytest

from simulators.population.chances import Stream, draws
from simulators.population.names import Name
from simulators.population.spelling import variant_of
from tests.simulators.population.populations import Population, Record

IDENTITY = ("name_ar", "name_latin", "birth_date", "commune")


def differing(one: Record, other: Record) -> set[str]:
    return {field for field in IDENTITY if one[field] != other[field]}


def ramed(population: Population) -> dict[str, dict[str, str]]:
    with (population.folder / "ramed.csv").open(encoding="utf-8", newline="") as rows:
        return {row["number"]: row for row in csv.DictReader(rows)}


def names_a(row: dict[str, str], person: Record) -> bool:
    return (
        (row["given_ar"], row["family_ar"]) == tuple(person["name_ar"].values())
        and row["birth_date"] == person["birth_date"]
        and row["commune"] == person["commune"]
    )


@pytest.mark.parametrize(
    "kind",
    ["duplicate_person", "wrong_date", "spelling_variant", "split_household", "homonym"],
)
def test_every_kind_of_dirt_is_planted(dirty_population: Population, kind: str) -> None:
    assert len(dirty_population.truth(kind)) > 10
    assert dirty_population.manifest["counts"][f"truth.{kind}"] == len(dirty_population.truth(kind))


def test_the_share_asked_for_is_the_share_planted(dirty_population: Population) -> None:
    planted = sum(
        len(dirty_population.truth(kind))
        for kind in ("duplicate_person", "wrong_date", "spelling_variant", "split_household")
    )
    assert 0.17 <= planted / 3000 <= 0.23


def test_a_duplicate_is_one_person_under_two_numbers_with_small_differences(
    dirty_population: Population,
) -> None:
    persons = dirty_population.persons()
    for truth in dirty_population.truth("duplicate_person"):
        one, other = (persons[idcs] for idcs in truth["idcs"])
        assert one["idcs"] != other["idcs"]
        assert one["sex"] == other["sex"]
        assert one["cnie"] is None or one["cnie"] != other["cnie"]
        assert len(differing(one, other)) <= len(truth["differences"]) <= 2


def test_homonyms_are_two_persons_with_two_cards(dirty_population: Population) -> None:
    persons = dirty_population.persons()
    for truth in dirty_population.truth("homonym"):
        one, other = (persons[idcs] for idcs in truth["idcs"])
        assert not differing(one, other)
        assert one["cnie"]
        assert other["cnie"]
        assert one["cnie"] != other["cnie"]


def test_a_wrong_date_is_written_and_the_true_one_is_beside(
    dirty_population: Population,
) -> None:
    persons = dirty_population.persons()
    for truth in dirty_population.truth("wrong_date"):
        written, true = (date.fromisoformat(truth[key]) for key in ("written", "true"))
        assert persons[truth["idcs"]]["birth_date"] == truth["written"]
        assert written != true
        if truth["error"] == "swapped":
            assert (written.month, written.day) == (true.day, true.month)
        elif truth["error"] == "year":
            assert abs(written.year - true.year) == 1
        else:
            assert (written.month, written.day) == (1, 1)


def test_a_misspelt_person_is_not_called_as_the_truth_says(dirty_population: Population) -> None:
    persons = dirty_population.persons()
    for truth in dirty_population.truth("spelling_variant"):
        part, script, _ = truth["difference"].split(":")
        written = persons[truth["idcs"]][f"name_{'ar' if script == 'arabic' else 'latin'}"][part]
        assert written != truth["true"][script]


def test_a_split_household_stands_twice_with_the_couple_divided(
    dirty_population: Population,
) -> None:
    households, persons = dirty_population.households(), dirty_population.persons()
    doubles = {
        truth["idcs"][0]: truth["idcs"][1] for truth in dirty_population.truth("duplicate_person")
    }
    for truth in dirty_population.truth("split_household"):
        home, apart = (households[reference] for reference in truth["references"])
        head, spouse = truth["idcs"]
        assert home["commune"] == apart["commune"]
        assert home["members"][0]["idcs"] == head
        if truth["shape"] == "spouse_twice":
            assert apart["members"][0]["idcs"] == doubles[spouse]
            assert spouse in {member["idcs"] for member in home["members"]}
        else:
            assert apart["members"][0]["idcs"] == spouse
            assert spouse not in {member["idcs"] for member in home["members"]}
        assert persons[apart["members"][0]["idcs"]]["sex"] != persons[head]["sex"]


def test_split_households_come_on_top_of_those_asked_for(dirty_population: Population) -> None:
    split = len(dirty_population.truth("split_household"))
    assert len(dirty_population.households()) == 3000 + split


def test_every_line_of_the_old_list_has_one_truth(dirty_population: Population) -> None:
    numbers = [truth["number"] for truth in dirty_population.truth("ramed_match")]
    assert sorted(numbers) == sorted(ramed(dirty_population))
    assert 0.2 <= len(numbers) / 3000 <= 0.3


def test_the_old_list_has_exact_varied_ambiguous_and_unknown_people(
    dirty_population: Population,
) -> None:
    persons, rows = dirty_population.persons(), ramed(dirty_population)
    seen: Counter[str] = Counter()
    for truth in dirty_population.truth("ramed_match"):
        row = rows[truth["number"]]
        fitting = [idcs for idcs in truth["idcs"] if names_a(row, persons[idcs])]
        seen[truth["outcome"]] += 1
        if truth["outcome"] == "ambiguous":
            assert sorted(fitting) == sorted(truth["idcs"])
            assert len(fitting) == 2
            assert not row["cnie"]
        elif truth["outcome"] == "unknown":
            assert not any(names_a(row, person) for person in persons.values())
        else:
            assert len(truth["idcs"]) == 1
            seen["varied"] += bool(truth["differences"])
            assert fitting or truth["differences"]
    assert min(seen[kind] for kind in ("matched", "varied", "ambiguous", "unknown")) > 20


def test_a_card_on_the_old_list_is_the_registered_one(dirty_population: Population) -> None:
    persons, rows = dirty_population.persons(), ramed(dirty_population)
    with_card = [
        truth for truth in dirty_population.truth("ramed_match") if rows[truth["number"]]["cnie"]
    ]
    assert with_card
    for truth in with_card:
        assert persons[truth["idcs"][0]]["cnie"] == rows[truth["number"]]["cnie"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (Name("Mohamed", "محمد"), {"Mohammed", "Muhammad"}),
        (Name("EL IDRISSI", "الإدريسي"), {"AL IDRISSI", "IDRISSI", "الادريسي", "إدريسي"}),
        (Name("Fatima", "فاطمة"), {"Fatma", "فاطمه"}),
        (Name("Mustapha", "مصطفى"), {"Mostafa", "مصطفي"}),
        (Name("Abdellah", "عبد الله"), {"Abdallah", "عبدالله"}),
    ],
)
def test_names_vary_as_people_write_them(name: Name, expected: set[str]) -> None:
    rng = draws(1, Stream.DIRT)
    variants = [variant_of(name, rng) for _ in range(400)]
    written = {text for variant in variants for text in variant.name}
    assert expected <= written
    assert all(variant.name != name for variant in variants)
