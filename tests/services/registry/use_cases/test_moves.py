"""Where people are registered: wherever the household that they live in was declared to be."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain.search import Sought
from services.registry.storage.appending import FEW_ROWS_MAX
from services.registry.storage.statistics import read_standing
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_access_log import read_own_access_log
from services.registry.use_cases.read_history import VERSIONS_MAX, read_person_history
from services.registry.use_cases.read_household import read_household
from services.registry.use_cases.read_person import PersonNotFoundError, read_person
from services.registry.use_cases.search_persons import Page, search_persons
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    ON,
    a_declaration,
    a_member,
    a_newborn,
    declared,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    RABAT,
    TANGIER,
    a_file,
    a_household,
    a_person,
    an_idcs,
)

EVERYWHERE = RowScope.everything()
OF_TANGIER = LookUp("of-tangier", "case-work", RowScope(("01",), ("*",)))
OF_RABAT = LookUp("of-rabat", "case-work", RowScope(("04",), ("*",)))
EVERYWHERE_NOW = LookUp("an-auditor", "audit", EVERYWHERE)
LATER = "2026-11-19"


def a_move(household_id: UUID) -> dict[str, Any]:
    """Return that a household moved to Rabat."""
    return a_declaration("move", household_id=str(household_id), commune=RABAT, milieu="urban")


async def read_by(registry: Registry, number: int, look_up: LookUp) -> str | None:
    """Return the commune in which somebody finds the number-th person, if they do."""
    person_id = await person_id_of(registry, number)
    try:
        known = await read_person(person_id, look_up, using=registry.api)
    except PersonNotFoundError:
        return None
    return known.version.commune_code


async def communes_of(registry: Registry, number: int) -> list[tuple[str, str]]:
    """Return the commune of every version of the number-th person, and since when it is true."""
    rows = await registry.databases.rows(
        "SELECT commune_code, valid_from::text FROM person_version"
        " WHERE person_id = %(id)s ORDER BY version",
        id=await person_id_of(registry, number),
    )
    return [(row["commune_code"], row["valid_from"]) for row in rows]


async def count_of(registry: Registry, commune: str) -> tuple[int, ...]:
    """Return persons, households and members of a commune."""
    async with registry.api.database.transaction(EVERYWHERE) as tx:
        return tuple((await read_standing(tx)).get(commune, (0, 0, 0)))


async def test_a_move_takes_people_out_of_one_regions_sight_and_into_anothers(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    assert await read_by(registry, 2, OF_TANGIER) == TANGIER
    assert await read_by(registry, 2, OF_RABAT) is None
    await declared(registry, a_move(first))
    for number in (1, 2, 3):
        assert await read_by(registry, number, OF_TANGIER) is None
        assert await read_by(registry, number, OF_RABAT) == RABAT
    assert await read_by(registry, 4, OF_TANGIER) == TANGIER
    person_id = await person_id_of(registry, 2)
    with pytest.raises(PersonNotFoundError):
        await read_person_history(
            person_id, OF_TANGIER, before=VERSIONS_MAX, limit=10, using=registry.api
        )


async def test_a_search_finds_people_where_they_moved_to_and_by_their_names(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_move(first))

    async def found(look_up: LookUp) -> set[UUID]:
        sought = Sought(name="Zahra El Bahri", birth_date=date(1989, 4, 12))
        people = await search_persons(sought, look_up, page=Page(20), using=registry.api)
        return {one.version.person_id for one in people}

    moved = {await person_id_of(registry, number) for number in (1, 2)}
    assert await found(OF_RABAT) == moved
    assert await found(OF_TANGIER) == {await person_id_of(registry, number) for number in (4, 5)}


async def test_before_the_move_they_were_where_they_had_been(registry: Registry) -> None:
    first, _ = await on_file(registry)
    before = registry.clock.now()
    registry.clock.move(timedelta(days=1))
    await declared(registry, a_move(first))

    def at(**times: Any) -> LookUp:  # noqa: ANN401 -- both times
        return LookUp("an-auditor", "audit", EVERYWHERE, **times)

    assert await read_by(registry, 1, at()) == RABAT
    assert await read_by(registry, 1, at(valid_on=date.fromisoformat(ON))) == RABAT
    assert await read_by(registry, 1, at(valid_on=date(2026, 11, 17))) == TANGIER
    assert await read_by(registry, 1, at(known_at=before)) == TANGIER
    assert await communes_of(registry, 1) == [(TANGIER, "1989-04-12"), (RABAT, ON)]
    household = await read_household(first, at(valid_on=date(2026, 11, 17)), using=registry.api)
    assert household.household["commune_code"] == TANGIER


async def test_whoever_moved_still_reads_who_looked_at_them_before(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await read_by(registry, 1, OF_TANGIER)
    await declared(registry, a_move(first))
    await read_by(registry, 1, OF_RABAT)
    person_id = await person_id_of(registry, 1)
    page = await read_own_access_log(str(person_id), at_most=10, cursor=None, using=registry.api)
    assert len(page.items) == 2


async def test_a_file_moves_people_with_their_households_and_only_the_declared_ones(
    registry: Registry,
) -> None:
    await on_file(registry)
    moved = a_household(1, [1, 2], commune=RABAT, declared_on="2026-11-10")
    await registry.load(a_file(moved), key="moves")
    assert await communes_of(registry, 2) == [(TANGIER, "1989-04-12"), (RABAT, "2026-11-10")]
    assert await communes_of(registry, 3) == [(TANGIER, "2015-03-01")]
    assert await read_by(registry, 1, OF_RABAT) == RABAT
    # The same file again is no news.
    await registry.load(a_file(moved), key="moves-again")
    assert len(await communes_of(registry, 2)) == 2


async def test_persons_and_members_of_a_commune_are_as_many_after_a_move(
    registry: Registry,
) -> None:
    numbers = [1, 2, 3, 4, 6]
    homes = [a_household(1, [1, 2, 3]), a_household(2, [4]), a_household(3, [6], commune=RABAT)]
    await registry.load(a_file(*map(a_person, numbers), *homes), key="people")
    assert await count_of(registry, TANGIER) == (4, 2, 4)
    assert await count_of(registry, RABAT) == (1, 1, 1)
    first = await registry.databases.value(
        "SELECT household_id FROM residence GROUP BY 1 HAVING count(*) = 3"
    )
    await declared(registry, a_move(first))
    assert await count_of(registry, TANGIER) == (1, 1, 1)
    assert await count_of(registry, RABAT) == (4, 2, 4)


async def test_who_joins_a_household_of_another_region_lives_there(registry: Registry) -> None:
    first, second = await on_file(registry)
    await declared(registry, a_move(first))
    marriage = a_declaration(
        "marriage",
        spouses=[an_idcs(2), an_idcs(4)],
        joins=str(second),
        member=a_member(2, kinship="spouse"),
        occurred_on=LATER,
    )
    await declared(registry, marriage)
    assert (await communes_of(registry, 2))[-1] == (TANGIER, LATER)
    assert await read_by(registry, 1, OF_RABAT) == RABAT


async def test_a_child_born_away_lives_with_its_household(registry: Registry) -> None:
    first, _ = await on_file(registry)
    birth = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6, commune=RABAT),
        member={"health_cover": "none"},
        mother=an_idcs(1),
    )
    await declared(registry, birth)
    assert await communes_of(registry, 6) == [(RABAT, ON), (TANGIER, ON)]
    assert await read_by(registry, 6, OF_TANGIER) == TANGIER


async def test_what_the_population_register_repeats_moves_nobody_back(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_move(first))
    await registry.load(a_file(a_person(1)), key="repeated")
    assert await read_by(registry, 1, EVERYWHERE_NOW) == RABAT


async def test_what_was_recorded_last_says_where_somebody_lives(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_move(first))
    await registry.load(a_file(a_person(1, phones=[])), key="news")
    assert await read_by(registry, 1, EVERYWHERE_NOW) == TANGIER
    await declared(registry, a_declaration("review", household_id=str(first)))
    assert await read_by(registry, 1, EVERYWHERE_NOW) == RABAT
    assert await read_by(registry, 1, OF_TANGIER) is None


@pytest.mark.parametrize("number", [1, 3])
async def test_a_declaration_that_moves_nobody_adds_no_version_of_a_person(
    registry: Registry, number: int
) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_declaration("review", household_id=str(first)))
    leaving = a_declaration("departure", household_id=str(first), person=an_idcs(2))
    await declared(registry, leaving)
    assert len(await communes_of(registry, number)) == 1


async def test_a_file_moves_more_people_at_once_than_any_declaration(registry: Registry) -> None:
    people = list(range(1, FEW_ROWS_MAX + 5))
    homes = [a_household(head, [head, head + 1, head + 2]) for head in people[:-2:3]]
    await registry.load(a_file(*map(a_person, people), *homes), key="people")
    moved = [home | {"commune": RABAT, "declared_on": "2026-11-10"} for home in homes]
    await registry.load(a_file(*moved), key="moves")
    assert await count_of(registry, RABAT) == (len(people), len(homes), len(people))
    assert await count_of(registry, TANGIER) == (0, 0, 0)
    assert await communes_of(registry, 9) == [(TANGIER, "1989-04-12"), (RABAT, "2026-11-10")]


async def test_somebody_may_leave_at_the_moment_the_others_move(registry: Registry) -> None:
    first, _ = await on_file(registry)
    leaving = a_declaration("departure", household_id=str(first), person=an_idcs(2))
    async with asyncio.TaskGroup() as group:
        for body in (leaving, a_move(first)):
            group.create_task(declared(registry, body))
    assert await read_by(registry, 1, OF_RABAT) == RABAT
    assert await registry.databases.value("SELECT max(version) FROM household") == 3
