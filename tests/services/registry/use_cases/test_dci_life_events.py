"""Declared life events reach the subscribers of the civil register, and parents their records."""

from datetime import timedelta
from typing import Any

from services.registry.domain.dci_contract import Asker, Register, SearchCriteria, SearchPage
from services.registry.domain.policies import Attribute
from services.registry.use_cases.search_register import search_register
from tests.services.registry.changing import (
    a_declaration,
    a_member,
    a_new_household,
    a_newborn,
    an_idcs,
    declared,
    on_file,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_person
from tests.services.registry.following import DCI, Following, wanted
from tests.services.registry.partners import HOSPITAL, PURPOSE, agree_on


async def follow_everything(registry: Registry) -> Following:
    """Return a partner who is told every life event from now on."""
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    following = Following(registry)
    await following.consume()
    for event in ("LiveBirth", "Death", "Marriage", "Divorce"):
        await following.code(wanted(event), Register.CIVIL)
    registry.clock.move(timedelta(minutes=1))
    return following


async def told(following: Following) -> list[tuple[str, str]]:
    """Return the events told since the last time, and whom of, in a fixed order."""
    return sorted(
        (event.rpartition(":")[2], record["identifier"]["identifier_value"])
        for event, _, record in await following.told()
    )


async def test_a_marriage_and_a_divorce_are_told_of_both_spouses(registry: Registry) -> None:
    _, second = await on_file(registry)
    following = await follow_everything(registry)
    marriage = a_declaration(
        "marriage",
        spouses=[an_idcs(2), an_idcs(4)],
        joins=str(second),
        member=a_member(2, kinship="spouse"),
    )
    await declared(registry, marriage)
    assert await told(following) == [("Marriage", an_idcs(2)), ("Marriage", an_idcs(4))]
    registry.clock.move(timedelta(days=2))
    leaves = a_declaration(
        "separation", household_id=str(second), founds=a_new_household(a_member(2))
    )
    divorce: dict[str, Any] = leaves | {
        "occurred_on": "2026-11-19",
        "evidence": {"kind": "divorce_judgment"},
    }
    await declared(registry, divorce)
    assert await told(following) == [("Divorce", an_idcs(2)), ("Divorce", an_idcs(4))]


async def test_those_who_part_without_a_judgment_are_not_divorced(registry: Registry) -> None:
    first, _ = await on_file(registry)
    following = await follow_everything(registry)
    founded = a_new_household(a_member(2), a_member(3, kinship="sibling"))
    await declared(registry, a_declaration("separation", household_id=str(first), founds=founded))
    assert await told(following) == []


async def test_a_declared_birth_and_a_death_are_told(registry: Registry) -> None:
    first, _ = await on_file(registry)
    following = await follow_everything(registry)
    birth = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6),
        member={"health_cover": "none", "birth_rank": 3},
        mother=an_idcs(1),
        father=an_idcs(5),
    )
    await declared(registry, birth)
    assert await told(following) == [("LiveBirth", an_idcs(6))]
    await declared(registry, a_declaration("death", person=an_idcs(5)))
    assert await told(following) == [("Death", an_idcs(5))]


async def test_a_record_of_the_civil_register_names_the_parents(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    birth = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6),
        member={"health_cover": "none", "birth_rank": 3},
        mother=an_idcs(1),
        father=an_idcs(5),
    )
    await declared(registry, birth)
    (page,) = await search_register(
        Register.CIVIL,
        [SearchCriteria("idtype-value", {"type": "UIN", "value": an_idcs(6)})],
        asker=Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("*",), ("*",)),
        using=registry.api,
    )
    assert isinstance(page, SearchPage)
    record: Any = page.records[0]
    parents = [record[f"parent{number}_identifier"]["identifier_value"] for number in (1, 2)]
    assert parents == [an_idcs(5), an_idcs(1)]
    # Child and parents read that they were told of.
    rows = await registry.databases.rows(
        "SELECT person_id, attributes FROM access_log WHERE action = 'dci-crvs-search'"
    )
    assert sorted(row["attributes"] == ["guardians"] for row in rows) == [False, True, True]
    guardians = await registry.databases.rows("SELECT guardian_id FROM guardianship")
    assert {row["person_id"] for row in rows if row["attributes"] == ["guardians"]} == {
        row["guardian_id"] for row in guardians
    }


async def test_a_parent_beyond_the_partners_regions_is_not_named(registry: Registry) -> None:
    await registry.load(
        a_file(a_person(1), a_person(2, birth_date="2019-02-03", cnie=None, commune=RABAT)), key="k"
    )
    await agree_on(registry, told=frozenset(Attribute), regions=("04",), dci=DCI)
    async with registry.databases.owner.transaction() as tx:
        await tx.execute(
            "INSERT INTO guardianship (guardianship_id, version, region_code, person_id,"
            " guardian_id, relation, valid_from, evidence_kind, client, recorded_at)"
            " SELECT gen_random_uuid(), 1, child.region_code, child.person_id, parent.person_id,"
            " 'mother', '2019-02-03', 'birth_certificate', 'x', '2026-01-01'"
            " FROM person AS child, person AS parent"
            " WHERE child.birth_date > '2019-01-01' AND parent.birth_date < '2019-01-01'"
        )
    for using in (registry.api, registry.worker):
        (page,) = await search_register(
            Register.CIVIL,
            [SearchCriteria("idtype-value", {"type": "UIN", "value": an_idcs(2)})],
            asker=Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("*",), ("*",)),
            using=using,
        )
        assert isinstance(page, SearchPage)
        record: Any = page.records[0]
        assert "parent1_identifier" not in record
