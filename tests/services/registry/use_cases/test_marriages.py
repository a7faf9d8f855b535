"""Marriages: who cannot marry whom, as far as the registry can tell."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.record_guardianship import GuardianMade, record_guardianship
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    a_declaration,
    a_new_household,
    declared,
    faults,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_member, a_person, an_idcs


def a_wedding(one: int, other: int, **stated: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return the marriage of two people who found a household."""
    founded = a_new_household(a_member(one), a_member(other, kinship="spouse"))
    return a_declaration(
        "marriage", spouses=[an_idcs(one), an_idcs(other)], founds=founded, **stated
    )


async def a_family(registry: Registry) -> UUID:
    """Register a man (7), his wife (8), his son (9) and a daughter (6) in one household."""
    home = a_household(7, [7, 8, 9, 6])
    home["members"][1]["kinship"] = "spouse"
    people = [a_person(7, sex="M", birth_date="1960-01-01"), a_person(8), a_person(9, sex="M")]
    await registry.load(a_file(*people, a_person(6), home), key="a family")
    household_id: UUID = await registry.databases.value(
        "SELECT household_id FROM residence WHERE person_id = %(person_id)s",
        person_id=await person_id_of(registry, 8),
    )
    return household_id


def a_divorce(home: UUID | None, leaver: int) -> dict[str, Any]:
    """Declare that somebody leaves a household for their own, by a judgment of divorce."""
    return a_declaration(
        "separation",
        household_id=str(home),
        founds=a_new_household(a_member(leaver)),
        evidence={"kind": "divorce_judgment"},
    )


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (7, 9, "registry.spouses-one-sex"),
        (6, 6, "registry.spouses-not-two"),
        (7, 8, "registry.spouses-known"),
        (7, 6, "registry.spouses-kin"),
        (9, 6, "registry.spouses-kin"),
        (9, 8, "registry.spouses-kin"),
        (5, 8, "registry.spouse-married"),
    ],
    ids=[
        "two men",
        "oneself",
        "their own wife",
        "a daughter",
        "a sister",
        "a stepmother",
        "a wife",
    ],
)
async def test_who_is_kin_or_married_does_not_marry(
    registry: Registry, one: int, other: int, code: str
) -> None:
    await on_file(registry)
    await a_family(registry)
    assert await faults(registry, a_wedding(one, other)) == [("spouses", code)]
    assert await registry.databases.value("SELECT count(*) FROM household") == 3


async def test_a_man_may_marry_again_and_a_woman_whose_husband_died(registry: Registry) -> None:
    await on_file(registry)
    home = await a_family(registry)
    joins = a_declaration(
        "marriage",
        spouses=[an_idcs(7), an_idcs(2)],
        joins=str(home),
        member=a_member(2, kinship="spouse"),
    )
    assert await faults(registry, joins) == []
    follows = [{"household_id": str(home), "head": an_idcs(9)}]
    await declared(registry, a_declaration("death", person=an_idcs(7), successions=follows))
    assert await faults(registry, a_wedding(4, 8)) == []


async def test_a_couple_marries_once_until_they_divorce(registry: Registry) -> None:
    await on_file(registry)
    await a_family(registry)
    wedding = a_wedding(5, 2)
    home = (await declared(registry, wedding)).declaration.household_id
    # They live apart, so that no household says whose wife she is.
    departs = a_declaration("departure", household_id=str(home), person=an_idcs(2))
    await declared(registry, departs)
    again = [("spouses", "registry.spouses-known")]
    assert await faults(registry, wedding) == again
    assert await faults(registry, a_wedding(2, 5)) == again


async def test_who_divorced_may_marry_each_other_again(registry: Registry) -> None:
    await on_file(registry)
    home = (await declared(registry, a_wedding(5, 2))).declaration.household_id
    registry.clock.move(timedelta(days=1))
    divorce = a_divorce(home, 2)
    await declared(registry, divorce)
    registry.clock.move(timedelta(days=1))
    assert await faults(registry, a_wedding(5, 2)) == []
    assert await faults(registry, a_wedding(5, 2)) == [("spouses", "registry.spouses-known")]


@pytest.mark.parametrize(
    ("relation", "last", "barred"),
    [("father", date(2020, 1, 1), True), ("kafil", None, True), ("kafil", date(2020, 1, 1), False)],
    ids=["a father", "a guardian", "a guardian once"],
)
async def test_nobody_marries_their_child_or_ward(
    registry: Registry, relation: str, last: date | None, *, barred: bool
) -> None:
    await on_file(registry)
    await registry.load(a_file(a_person(7, sex="M", birth_date="1960-01-01")), key="an elder")
    made = GuardianMade(
        await person_id_of(registry, 2), date(2015, 1, 1), "judicial_decision", until=last
    )
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        await record_guardianship(
            tx,
            made,
            guardian=an_idcs(7),
            relation=relation,
            declarer=Declarer("a-registrar", "registration", ("*",)),
            using=registry.api,
        )
    expected = [("spouses", "registry.spouses-kin")] if barred else []
    assert await faults(registry, a_wedding(7, 2)) == expected


async def test_a_wife_who_left_without_a_judgment_is_still_married(registry: Registry) -> None:
    await on_file(registry)
    home = await a_family(registry)
    await declared(registry, a_declaration("departure", household_id=str(home), person=an_idcs(8)))
    married = [("spouses", "registry.spouse-married")]
    assert await faults(registry, a_wedding(4, 8)) == married
    # A judge may have allowed a minor to marry; that says nothing of a husband.
    allowed = a_wedding(4, 8) | {"evidence": {"kind": "judicial_decision"}}
    assert await faults(registry, allowed) == married
    # A divorce that nobody told is told by its judgment.
    divorced = a_wedding(4, 8) | {"evidence": {"kind": "divorce_judgment"}}
    assert await faults(registry, divorced) == []
    assert await faults(registry, a_wedding(5, 8)) == married


async def test_a_widow_is_not_held_to_a_husband_whom_she_had_divorced_before(
    registry: Registry,
) -> None:
    await on_file(registry)
    home = await a_family(registry)
    await declared(registry, a_declaration("departure", household_id=str(home), person=an_idcs(8)))
    registry.clock.move(timedelta(days=1))
    divorced = a_wedding(4, 8) | {"evidence": {"kind": "divorce_judgment"}}
    theirs = (await declared(registry, divorced)).declaration.household_id
    leaves = a_declaration("departure", household_id=str(theirs), person=an_idcs(8))
    await declared(registry, leaves)
    assert await faults(registry, a_wedding(5, 8)) == [("spouses", "registry.spouse-married")]
    await declared(registry, a_declaration("death", person=an_idcs(4)))
    assert await faults(registry, a_wedding(5, 8)) == []


async def test_a_second_wife_who_was_divorced_ends_no_marriage_of_her_husband(
    registry: Registry,
) -> None:
    await on_file(registry)
    home = await a_family(registry)
    await declared(registry, a_declaration("departure", household_id=str(home), person=an_idcs(8)))
    registry.clock.move(timedelta(days=1))
    divorced = a_declaration(
        "marriage",
        spouses=[an_idcs(7), an_idcs(2)],
        joins=str(home),
        member=a_member(2, kinship="spouse"),
        evidence={"kind": "divorce_judgment"},
    )
    await declared(registry, divorced)
    assert await faults(registry, a_wedding(4, 8)) == [("spouses", "registry.spouse-married")]


async def test_who_goes_along_with_the_divorced_is_not_divorced(registry: Registry) -> None:
    await on_file(registry)
    home = await a_family(registry)
    wedding = a_wedding(5, 6)
    theirs = (await declared(registry, wedding)).declaration.household_id
    # She goes home to her parents, still his wife.
    returns = a_declaration(
        "separation",
        household_id=str(theirs),
        joins=str(home),
        members=[a_member(6)],
    )
    await declared(registry, returns)
    registry.clock.move(timedelta(days=1))
    divorce = a_declaration(
        "separation",
        household_id=str(home),
        founds=a_new_household(a_member(8), a_member(6)),
        evidence={"kind": "divorce_judgment"},
    )
    await declared(registry, divorce)
    registry.clock.move(timedelta(days=1))
    assert await faults(registry, a_wedding(4, 6)) == [("spouses", "registry.spouse-married")]
    assert await faults(registry, wedding) == [("spouses", "registry.spouses-known")]
    # Her mother is free, and she when she shows a judgment of her own.
    assert await faults(registry, a_wedding(4, 8)) == []
    divorced = wedding | {"evidence": {"kind": "divorce_judgment"}}
    assert await faults(registry, divorced) == []


async def test_a_wife_who_leaves_with_her_husband_when_he_divorces_stays_his(
    registry: Registry,
) -> None:
    _, elsewhere = await on_file(registry)
    home = await a_family(registry)
    second = a_declaration(
        "marriage",
        spouses=[an_idcs(7), an_idcs(2)],
        joins=str(home),
        member=a_member(2, kinship="spouse"),
    )
    await declared(registry, second)
    registry.clock.move(timedelta(days=1))
    divorce = a_declaration(
        "separation",
        household_id=str(home),
        joins=str(elsewhere),
        members=[a_member(7, kinship="other"), a_member(2, kinship="other")],
        successions=[{"household_id": str(home), "head": an_idcs(8)}],
        evidence={"kind": "divorce_judgment"},
    )
    await declared(registry, divorce)
    assert await faults(registry, a_wedding(5, 2)) == [("spouses", "registry.spouse-married")]
    follows = [{"household_id": str(home), "head": an_idcs(9)}]
    assert await faults(registry, a_wedding(5, 8, successions=follows)) == []


async def test_a_wife_who_founds_a_household_is_free_by_divorce_alone(registry: Registry) -> None:
    await on_file(registry)
    parting = a_declaration(
        "separation",
        household_id=str(await a_family(registry)),
        founds=a_new_household(a_member(8)),
    )
    home = (await declared(registry, parting)).declaration.household_id
    married = [("spouses", "registry.spouse-married")]
    assert await faults(registry, a_wedding(4, 8)) == married
    registry.clock.move(timedelta(days=1))
    divorce = a_divorce(home, 8)
    await declared(registry, divorce)
    assert await faults(registry, a_wedding(4, 8)) == []


async def test_a_wife_who_lives_apart_is_free_once_her_husband_died(registry: Registry) -> None:
    await on_file(registry)
    home = await a_family(registry)
    await declared(registry, a_declaration("departure", household_id=str(home), person=an_idcs(8)))
    follows = [{"household_id": str(home), "head": an_idcs(9)}]
    await declared(registry, a_declaration("death", person=an_idcs(7), successions=follows))
    assert await faults(registry, a_wedding(4, 8)) == []


async def test_a_file_ends_no_marriage_and_a_correction_takes_one_back(registry: Registry) -> None:
    await on_file(registry)
    home = await a_family(registry)
    other = a_household(7, [7, 9, 6], declared_on="2026-11-15")
    await registry.load(a_file(other), key="without her")
    assert await faults(registry, a_wedding(4, 8)) == [("spouses", "registry.spouse-married")]
    # She comes back as no kin of his: she never was his wife.
    again = a_household(7, [7, 8, 9, 6], declared_on="2026-11-16")
    again["members"][1]["kinship"] = "other"
    await registry.load(a_file(again), key="with her")
    await declared(registry, a_declaration("departure", household_id=str(home), person=an_idcs(8)))
    assert await faults(registry, a_wedding(4, 8)) == []
