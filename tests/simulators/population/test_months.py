"""What the monthly files say is what happened to households that exist."""

from datetime import date
from itertools import pairwise

import pytest

from simulators.population.changes import months_after
from tests.simulators.population.index_formula import index_of
from tests.simulators.population.populations import Population, Record

MONTHS = (1, 2, 3)
TRUTH = "changes-truth.jsonl"


def month_file(month: int) -> str:
    return f"changes-{month:02d}.jsonl"


def households_after(population: Population, month: int) -> dict[str, Record]:
    """Return every household as the files up to a month leave it."""
    files = ["population.jsonl", *(month_file(number) for number in range(1, month + 1))]
    state: dict[str, Record] = {}
    for file in files:
        state.update(population.households(file))
    return state


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_changes_households_and_persons_that_exist(
    population: Population, month: int
) -> None:
    before = households_after(population, month - 1)
    changed = population.households(month_file(month))
    assert changed
    for reference, household in changed.items():
        assert reference in before
        assert household != before[reference]


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_names_a_household_or_a_person_once(population: Population, month: int) -> None:
    lines = population.lines(month_file(month))
    keys = [line.get("idcs") or line["reference"] for line in lines]
    assert len(keys) == len(set(keys))


def test_every_member_is_a_person_sent_before_and_alive(population: Population) -> None:
    alive: dict[str, str] = {}
    for file in ("population.jsonl", *map(month_file, MONTHS)):
        for line in population.lines(file):
            if line["type"] == "person":
                alive[line["idcs"]] = line["status"]
            else:
                assert {alive[member["idcs"]] for member in line["members"]} == {"active"}


def test_households_keep_one_head_a_declarant_and_a_collector(population: Population) -> None:
    for household in households_after(population, 3).values():
        members = household["members"]
        assert [one["kinship"] for one in members if one["head"]] == ["head"]
        assert members[0]["head"]
        assert sum(one["declarant"] for one in members) == 1
        payee = household["payee_account"]
        assert payee is None or payee["collector"] in {one["idcs"] for one in members}


def test_a_newborn_joins_the_household_in_the_month_of_the_birth(population: Population) -> None:
    births = population.truth("birth", TRUTH)
    assert births
    for birth in births:
        file = month_file(birth["month"])
        person = population.persons(file)[birth["idcs"]]
        household = population.households(file)[birth["reference"]]
        assert person["birth_date"] == birth["on"] <= household["declared_on"]
        assert birth["idcs"] in {member["idcs"] for member in household["members"]}
        assert birth["idcs"] not in population.persons()


def test_the_dead_leave_their_household(population: Population) -> None:
    deaths = population.truth("death", TRUTH)
    assert deaths
    for death in deaths:
        file = month_file(death["month"])
        assert population.persons(file)[death["idcs"]]["status"] == "deceased"
        household = population.households(file).get(death["reference"])
        assert (household is None) == death["emptied"]
        if household:
            assert death["idcs"] not in {member["idcs"] for member in household["members"]}


def test_a_move_takes_the_household_and_all_its_members(population: Population) -> None:
    moves = population.truth("move", TRUTH)
    assert moves
    for move in moves:
        before = households_after(population, move["month"] - 1)[move["reference"]]
        file = month_file(move["month"])
        household = population.households(file)[move["reference"]]
        persons = population.persons(file)
        assert before["commune"] == move["source"] != move["destination"]
        assert household["commune"] == move["destination"]
        for member in household["members"]:
            assert persons[member["idcs"]]["commune"] == move["destination"]


@pytest.mark.parametrize(
    ("kind", "activity"), [("job_lost", "unemployed"), ("job_found", "employee")]
)
def test_jobs_are_lost_and_found_by_members(
    population: Population, kind: str, activity: str
) -> None:
    events = population.truth(kind, TRUTH)
    assert events
    for event in events:
        household = population.households(month_file(event["month"]))[event["reference"]]
        activities = {one["idcs"]: one["activity"] for one in household["members"]}
        others = [
            one["kind"]
            for one in population.lines(TRUTH)
            if one["month"] == event["month"] and one.get("idcs") == event["idcs"]
        ]
        assert activities[event["idcs"]] == activity or len(others) > 1


def test_a_changed_fact_moves_the_index(population: Population) -> None:
    persons = population.persons()
    moved = 0
    events = [
        event
        for event in population.truth("fact", TRUTH)
        if event["month"] == 1 and event["fact"].startswith("phone_internet")
    ]
    for event in events:
        before = population.households()[event["reference"]]
        after = population.households(month_file(1))[event["reference"]]
        assert before["facts"][event["fact"]] == event["before"]
        assert after["facts"][event["fact"]] == event["after"]
        alone = {**before, "facts": {**before["facts"], event["fact"]: event["after"]}}
        difference = index_of(alone, persons) - index_of(before, persons)
        moved += (difference > 0) == (event["after"] > event["before"]) and difference != 0
    assert events
    assert moved == len(events)


def test_declarations_of_a_month_are_dated_in_that_month(population: Population) -> None:
    ends = [months_after(date(2026, 10, 5), month) for month in range(4)]
    for month, (start, end) in zip(MONTHS, pairwise(ends), strict=True):
        for household in population.households(month_file(month)).values():
            assert start < date.fromisoformat(household["declared_on"]) <= end


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 10, 5), 0, date(2026, 10, 5)),
        (date(2026, 10, 5), 3, date(2027, 1, 5)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
    ],
)
def test_a_later_month_has_the_same_day_or_its_last(day: date, count: int, expected: date) -> None:
    assert months_after(day, count) == expected
