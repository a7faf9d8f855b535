"""Births: who can be the parents of a child, and what is on file of them already."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.services.registry.changing import (
    ON,
    a_declaration,
    a_newborn,
    declared,
    faults,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_person, an_idcs


def a_birth(household_id: UUID, **stated: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a birth into a household; its parents are named by what is stated."""
    return a_declaration(
        "birth",
        household_id=str(household_id),
        newborn=a_newborn(6),
        member={"health_cover": "none"},
        **stated,
    )


@pytest.mark.parametrize("kinship", ["head", "spouse", "parent"])
async def test_a_newborn_is_nobodys_spouse_or_parent(registry: Registry, kinship: str) -> None:
    first, _ = await on_file(registry)
    body = a_birth(first) | {"member": {"health_cover": "none", "kinship": kinship}}
    assert await faults(registry, body) == [("member.kinship", "registry.newborn-kinship")]
    assert await registry.databases.value("SELECT count(*) FROM person") == 5


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"mother": 5}, [("mother", "registry.parent-sex")]),
        ({"father": 1}, [("father", "registry.parent-sex")]),
        ({"mother": 1, "father": 1}, [("father", "registry.parents-same")]),
        ({"mother": 7}, [("mother", "registry.parent-too-young")]),
        ({"mother": 1, "father": 5}, []),
    ],
    ids=["a man bears", "a woman begets", "one is both", "a child bears", "a couple"],
)
async def test_parents_are_a_woman_and_a_man_old_enough(
    registry: Registry, parents: Mapping[str, int], expected: list[tuple[str, str]]
) -> None:
    first, _ = await on_file(registry)
    await registry.load(a_file(a_person(7, birth_date="2014-11-19")), key="a girl")
    named = {part: an_idcs(number) for part, number in parents.items()}
    assert await faults(registry, a_birth(first, **named)) == expected
    links = await registry.databases.value("SELECT count(*) FROM guardianship")
    assert links == (0 if expected else len(parents))


@pytest.mark.parametrize(
    ("part", "died_on", "expected"),
    [
        ("mother", "2026-11-17", [("mother", "registry.parent-deceased")]),
        ("mother", ON, []),
        ("father", "2025-11-16", [("father", "registry.parent-deceased")]),
        ("father", "2026-03-01", []),
    ],
)
async def test_the_dead_have_children_only_as_long_as_nature_allows(
    registry: Registry, part: str, died_on: str, expected: list[tuple[str, str]]
) -> None:
    first, _ = await on_file(registry)
    # Their first version is true since birth, so that nothing puts the death off.
    number = {"mother": 7, "father": 5}[part]
    await registry.load(a_file(a_person(7)), key="another")
    death = a_declaration("death", person=an_idcs(number), occurred_on=died_on)
    await declared(registry, death)
    assert await faults(registry, a_birth(first, **{part: an_idcs(number)})) == expected


async def test_who_was_on_file_as_dead_long_before_bears_nobody(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await registry.load(a_file(a_person(7, status="deceased")), key="the dead")
    assert await faults(registry, a_birth(first, mother=an_idcs(7))) == []
    registry.clock.move(timedelta(days=9))
    child = a_newborn(8, birth_date="2026-11-25")
    late = a_birth(first, mother=an_idcs(7)) | {"newborn": child, "occurred_on": "2026-11-25"}
    assert await faults(registry, late) == [("mother", "registry.parent-deceased")]


async def test_a_child_gets_no_second_mother_and_no_link_twice(registry: Registry) -> None:
    first, second = await on_file(registry)
    await declared(registry, a_birth(first, mother=an_idcs(1), father=an_idcs(5)))
    leaves = a_declaration("departure", household_id=str(first), person=an_idcs(6))
    await declared(registry, leaves)
    again = a_birth(second, mother=an_idcs(2))
    assert await faults(registry, again) == [("mother", "registry.parent-other")]
    await declared(registry, again | {"mother": an_idcs(1)})
    child = await person_id_of(registry, 6)
    links = await registry.databases.rows("SELECT person_id, relation FROM guardianship")
    assert [(row["person_id"], row["relation"]) for row in links] == [
        (child, "mother"),
        (child, "father"),
    ]


@pytest.mark.parametrize(
    ("days_later", "codes"),
    [
        (0, []),
        (1, []),
        (2, ["registry.births-too-close"]),
        (149, ["registry.births-too-close"]),
        (150, []),
    ],
    ids=["twins", "over midnight", "two days", "five months", "the least"],
)
async def test_two_births_of_a_mother_are_one_or_far_enough_apart(
    registry: Registry, days_later: int, codes: list[str]
) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_birth(first, mother=an_idcs(1)))
    registry.clock.move(timedelta(days=days_later))
    born = (date.fromisoformat(ON) + timedelta(days=days_later)).isoformat()
    second = {"newborn": a_newborn(7, birth_date=born), "occurred_on": born}
    again = a_birth(first, mother=an_idcs(1)) | second
    assert [code for _, code in await faults(registry, again)] == codes


async def test_a_judge_may_name_the_mother_of_twins_who_were_born_days_apart(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_birth(first, mother=an_idcs(1)))
    registry.clock.move(timedelta(days=9))
    born = (date.fromisoformat(ON) + timedelta(days=9)).isoformat()
    second = {"newborn": a_newborn(7, birth_date=born), "occurred_on": born}
    twin = a_birth(first, mother=an_idcs(1)) | second
    assert await faults(registry, twin) == [("mother", "registry.births-too-close")]
    judged = twin | {"evidence": {"kind": "judicial_decision"}}
    assert await faults(registry, judged) == []


async def test_a_birth_told_late_is_held_against_later_ones(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_birth(first, mother=an_idcs(1)))
    born = "2026-07-01"
    earlier = {"newborn": a_newborn(7, birth_date=born), "occurred_on": born}
    told = a_birth(first, mother=an_idcs(1)) | earlier
    assert await faults(registry, told) == [("mother", "registry.births-too-close")]
    # Another woman's child it may be.
    assert await faults(registry, told | {"mother": an_idcs(2)}) == []
