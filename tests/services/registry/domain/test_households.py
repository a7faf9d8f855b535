"""Who may be recorded in which household, and when a declaration is due for review."""

import json
from datetime import date
from uuid import UUID

import pytest

from services.registry.domain.declarations import DeclaredHousehold
from services.registry.domain.households import (
    RegisteredHousehold,
    RegisteredPerson,
    Residents,
    is_adult,
)
from services.registry.domain.lines import LineRules
from services.registry.domain.reviews import review_due_on
from services.registry.domain.territory import communes
from shared.runtime.ids import new_id
from tests.services.registry.declaring import a_household, an_idcs

BORN = date(1990, 1, 1)
HERE, THERE = new_id(), new_id()


def declared(members: list[int], declared_on: str = "2026-10-02") -> DeclaredHousehold:
    """Return a declaration as the rules read it."""
    line = a_household(1, members, declared_on=declared_on)
    read = LineRules(today=date(2026, 11, 20)).read(json.dumps(line))
    assert isinstance(read, DeclaredHousehold)
    return read


def residents(*numbers: int, born: date = BORN, line: int = 0, status: str = "active") -> Residents:
    """Return persons who are known and live nowhere yet."""
    return Residents(
        {an_idcs(number): RegisteredPerson(new_id(), born, "F", status, line) for number in numbers}
    )


def person_id(people: Residents, number: int) -> UUID:
    """Return the id of the number-th person."""
    return people.persons[an_idcs(number)].person_id


def test_known_persons_who_live_nowhere_may_form_a_household() -> None:
    assert residents(1, 2).obstacles(declared([1, 2]), standing=None, line=9) == ()


def test_a_member_nobody_registered_is_named() -> None:
    (obstacle,) = residents(1).obstacles(declared([1, 2]), standing=None, line=9)
    assert obstacle == ("members[1].idcs", "registry.member-unknown")


def test_the_dead_are_members_of_no_household() -> None:
    people = residents(1, 2, status="deceased")
    codes = [obstacle.code for obstacle in people.obstacles(declared([1]), standing=None, line=9)]
    assert codes == ["registry.person-deceased"]


def test_a_person_must_come_before_the_household_that_names_them() -> None:
    people = residents(1, line=10)
    assert people.obstacles(declared([1]), standing=None, line=9)
    assert not people.obstacles(declared([1]), standing=None, line=11)


def test_a_person_lives_in_one_household_at_a_time() -> None:
    people = residents(1, 2)
    people.admit(person_id(people, 2), THERE)
    (obstacle,) = people.obstacles(declared([1, 2]), standing=None, line=9)
    assert obstacle == ("members[1].idcs", "registry.member-elsewhere")


def test_a_member_may_be_declared_again_where_they_live() -> None:
    people = residents(1)
    people.admit(person_id(people, 1), HERE)
    standing = RegisteredHousehold(HERE, date(2026, 1, 1))
    assert people.obstacles(declared([1]), standing=standing, line=9) == ()


def test_a_person_whom_one_household_lets_go_may_be_declared_by_another() -> None:
    people = residents(1, 2)
    for number in (1, 2):
        people.admit(person_id(people, number), HERE)
    people.settle(declared([1]), household_id=HERE)
    assert people.obstacles(declared([2]), standing=None, line=9) == ()


def test_an_older_declaration_does_not_replace_a_newer_one() -> None:
    standing = RegisteredHousehold(HERE, date(2026, 10, 3))
    (obstacle,) = residents(1).obstacles(declared([1]), standing=standing, line=9)
    assert obstacle == ("declared_on", "registry.declaration-outdated")


def test_a_child_cannot_declare_a_household() -> None:
    people = residents(1, born=date(2008, 10, 3))
    (obstacle,) = people.obstacles(declared([1]), standing=None, line=9)
    assert obstacle == ("members", "registry.declarant-minor")


@pytest.mark.parametrize(
    ("born", "adult"),
    [(date(2008, 10, 2), True), (date(2008, 10, 3), False), (date(2008, 2, 29), True)],
)
def test_majority_begins_on_the_eighteenth_birthday(born: date, *, adult: bool) -> None:
    assert is_adult(born, on=date(2026, 10, 2)) is adult


@pytest.mark.parametrize(
    ("declared_on", "due_on"),
    [
        (date(2026, 10, 2), date(2027, 10, 2)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2019, 12, 31), date(2020, 12, 31)),
    ],
)
def test_a_declaration_stands_for_a_year(declared_on: date, due_on: date) -> None:
    assert review_due_on(declared_on) == due_on


def test_every_commune_lies_in_a_province_of_one_of_twelve_regions() -> None:
    assert len(communes()) == 1_503
    assert len({commune.region_code for commune in communes().values()}) == 12
    assert all(
        commune.province_code.startswith(commune.region_code) for commune in communes().values()
    )
