"""Declarations: what each verb makes of people and households, against evidence and a receipt."""

import json
from datetime import date
from typing import Any

import pytest

from services.registry.events.published import HouseholdDissolved, PersonStatusChanged
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_household import HouseholdNotFoundError, read_household
from services.registry.use_cases.read_person import read_person
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    ON,
    a_declaration,
    a_member,
    a_new_household,
    a_newborn,
    declared,
    faults,
    members,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_household, a_person, an_idcs

EVERYWHERE = LookUp("an-auditor", "audit", RowScope.everything())


async def announced(registry: Registry, event_type: str) -> list[dict[str, Any]]:
    """Return the items of every event of a type, in the order of publishing."""
    rows = await registry.databases.rows(
        "SELECT body FROM outbox WHERE type = %(type)s ORDER BY position", type=event_type
    )
    return [item for row in rows for item in json.loads(bytes(row["body"]))["data"]["items"]]


async def test_a_new_household_is_registered_against_a_receipt(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_person(2)), key="people")
    household = a_new_household(a_member(1), a_member(2))
    asked = {"applications": [{"programme": "asd", "applied_on": ON}]}
    receipt = await declared(
        registry, a_declaration("registration", household=household, forwarded=asked)
    )
    household_id = receipt.declaration.household_id
    assert household_id is not None
    assert await members(registry, household_id) == {"1": "head", "2": "child"}
    (item,) = await announced(registry, "registry.households-recorded.v1")
    assert item["applications"] == [{"programme": "asd", "applied_on": ON}]
    assert receipt.declaration.receipt_number in receipt.text_fr.replace(" ", "")
    assert "تسجيل أسرة" in receipt.text_ar


async def test_a_household_is_headed_by_an_adult(registry: Registry) -> None:
    await registry.load(a_file(a_person(1, birth_date="2010-01-01"), a_person(2)), key="people")
    household = a_new_household(a_member(1), a_member(2, declarant=True))
    household["members"][0]["declarant"] = False
    body = a_declaration("registration", household=household)
    assert await faults(registry, body) == [("members", "registry.head-minor")]
    assert await registry.databases.value("SELECT count(*) FROM household") == 0


async def test_a_birth_adds_a_registered_child_with_guardians(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6),
        member={"health_cover": "none", "birth_rank": 3},
        mother=an_idcs(1),
        father=an_idcs(5),
    )
    receipt = await declared(registry, body)
    assert (await members(registry, first))["6"] == "child"
    child = await person_id_of(registry, 6)
    assert [s.person_id for s in receipt.subjects if s.part == "newborn"] == [child]
    links = await registry.databases.rows("SELECT person_id, relation FROM guardianship")
    assert {(row["person_id"], row["relation"]) for row in links} == {
        (child, "mother"),
        (child, "father"),
    }
    latest = (await announced(registry, "registry.households-recorded.v1"))[-1]
    assert (latest["version"], latest["valid_from"], len(latest["members"])) == (2, ON, 4)


async def test_a_birth_that_is_refused_leaves_no_child_behind(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6),
        member={"health_cover": "none"},
        mother=an_idcs(9),
    )
    assert await faults(registry, body) == [("mother", "registry.person-unknown")]
    elsewhere = body | {"newborn": a_newborn(5), "mother": None}
    assert await faults(registry, elsewhere) == [("newborn.idcs", "registry.idcs-duplicate")]
    later = body | {"newborn": a_newborn(6, birth_date="2026-11-17"), "mother": None}
    assert await faults(registry, later) == [("newborn.birth_date", "registry.birth-date-differs")]
    assert await registry.databases.value("SELECT count(*) FROM person") == 5
    assert await registry.databases.value("SELECT max(version) FROM household") == 1


async def test_nothing_befalls_anybody_before_they_are_born(registry: Registry) -> None:
    first, _ = await on_file(registry)
    early = {"person": an_idcs(3), "occurred_on": "1950-01-01"}
    for body in (
        a_declaration("death", **early),
        a_declaration("suspension", **early),
        a_declaration("departure", household_id=str(first), **early),
    ):
        assert ("occurred_on", "registry.date-too-old") in await faults(registry, body)


async def test_the_death_of_a_head_makes_another_the_head(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration("death", person=an_idcs(1))
    assert await faults(registry, body) == [("successions", "registry.head-leaves")]
    child_heads = [{"household_id": str(first), "head": an_idcs(3)}]
    assert await faults(registry, body | {"successions": child_heads}) == [
        ("members", "registry.declarant-minor")
    ]
    await declared(
        registry, body | {"successions": [{"household_id": str(first), "head": an_idcs(2)}]}
    )
    assert await members(registry, first) == {"2": "head", "3": "sibling"}
    (status,) = await announced(registry, PersonStatusChanged.TYPE)
    assert status == {
        "person_id": str(await person_id_of(registry, 1)),
        "version": 2,
        "region_code": "01",
        "status": "deceased",
        "effective_on": ON,
    }
    known = await read_person(await person_id_of(registry, 1), EVERYWHERE, using=registry.api)
    assert (known.version.status, known.name_latin.family) == ("deceased", "EL BAHRI")
    assert known.household_id is None


async def test_the_dead_are_members_of_nothing_and_declare_nothing(registry: Registry) -> None:
    first, second = await on_file(registry)
    await declared(registry, a_declaration("death", person=an_idcs(5)))
    assert await faults(registry, a_declaration("death", person=an_idcs(5))) == [
        ("person", "registry.person-deceased")
    ]
    review = a_declaration("review", household_id=str(first), declared_by=an_idcs(5))
    assert await faults(registry, review) == [("declared_by", "registry.person-deceased")]
    job = await registry.load(a_file(a_person(5), a_household(3, [5])), key="later")
    assert await registry.rejects(job) == [
        (1, "status", "registry.person-deceased"),
        (2, "members[0].idcs", "registry.person-deceased"),
    ]
    assert await members(registry, second) == {"4": "head"}


async def test_the_last_member_who_dies_leaves_a_dissolved_household(registry: Registry) -> None:
    _, second = await on_file(registry)
    await declared(registry, a_declaration("death", person=an_idcs(4)))
    (dissolved,) = await announced(registry, HouseholdDissolved.TYPE)
    assert dissolved == {
        "household_id": str(second),
        "version": 2,
        "region_code": "01",
        "dissolved_on": ON,
        "into": None,
    }
    known = await read_household(second, EVERYWHERE, using=registry.api)
    assert (known.household["state"], known.members) == ("dissolved", [])
    review = a_declaration("review", household_id=str(second))
    with pytest.raises(HouseholdNotFoundError):
        await declared(registry, review)


async def test_who_marries_joins_the_household_of_their_spouse(registry: Registry) -> None:
    first, second = await on_file(registry)
    body = a_declaration(
        "marriage",
        spouses=[an_idcs(2), an_idcs(4)],
        joins=str(second),
        member=a_member(2, kinship="spouse"),
    )
    receipt = await declared(registry, body)
    assert await members(registry, second) == {"4": "head", "2": "spouse"}
    assert await members(registry, first) == {"1": "head", "3": "child"}
    assert receipt.declaration.household_id == second
    assert {s.household_id for s in receipt.subjects if s.part == "household"} == {first, second}
    assert await faults(registry, body) == [("spouses", "registry.spouses-known")]


async def test_spouses_may_found_a_household_and_leave_an_empty_one(registry: Registry) -> None:
    first, second = await on_file(registry)
    founded = a_new_household(a_member(4), a_member(2, kinship="spouse"))
    body = a_declaration("marriage", spouses=[an_idcs(2), an_idcs(4)], founds=founded)
    receipt = await declared(registry, body)
    third = receipt.declaration.household_id
    assert third not in (None, first, second)
    assert await members(registry, first) == {"1": "head", "3": "child"}
    assert [
        item["household_id"] for item in await announced(registry, HouseholdDissolved.TYPE)
    ] == [str(second)]
    minor = a_declaration(
        "marriage",
        spouses=[an_idcs(3), an_idcs(5)],
        founds=a_new_household(a_member(5), a_member(3, kinship="spouse")),
    )
    assert await faults(registry, minor) == [("spouses", "registry.spouse-minor")]


async def test_those_who_separate_found_a_household_of_their_own(registry: Registry) -> None:
    first, second = await on_file(registry)
    founded = a_new_household(a_member(2), a_member(3, kinship="sibling"))
    body = a_declaration("separation", household_id=str(first), founds=founded)
    receipt = await declared(registry, body)
    assert await members(registry, first) == {"1": "head"}
    third = receipt.declaration.household_id
    assert third is not None
    assert await members(registry, third) == {"2": "head", "3": "sibling"}
    stranger = a_declaration(
        "separation", household_id=str(first), joins=str(second), members=[a_member(2)]
    )
    assert await faults(registry, stranger) == [("members", "registry.not-a-member")]


async def test_two_households_become_one(registry: Registry) -> None:
    first, second = await on_file(registry)
    body = a_declaration("merge", household_id=str(second), into=str(first))
    said = [a_member(4, kinship="parent")]
    await declared(registry, body | {"members": said})
    assert await members(registry, first) == {
        "1": "head",
        "2": "child",
        "3": "child",
        "4": "parent",
    }
    (dissolved,) = await announced(registry, HouseholdDissolved.TYPE)
    assert (dissolved["household_id"], dissolved["into"]) == (str(second), str(first))
    residence = await registry.databases.rows("SELECT DISTINCT household_id FROM residence")
    assert [row["household_id"] for row in residence] == [first]


async def test_a_departed_member_may_register_anew(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_declaration("departure", household_id=str(first), person=an_idcs(2)))
    assert await members(registry, first) == {"1": "head", "3": "child"}
    household = a_new_household(a_member(2), reference="RSU-77")
    registration = a_declaration("registration", household=household)
    await declared(registry, registration)
    again = a_declaration(
        "registration", household=a_new_household(a_member(5), reference="RSU-77")
    )
    assert await faults(registry, again) == [("reference", "registry.reference-taken")]


async def test_a_move_keeps_everybody_and_the_date_of_the_review(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration("move", household_id=str(first), commune=RABAT, milieu="urban")
    receipt = await declared(registry, body)
    known = await read_household(first, EVERYWHERE, using=registry.api)
    assert (known.household["region_code"], len(known.members)) == ("04", 3)
    assert known.household["review_on"] == date(2027, 10, 2)
    contact = (await announced(registry, "registry.contacts-recorded.v1"))[-1]
    assert (contact["region_code"], contact["review_date"]) == ("04", "2027-10-02")
    assert contact["phone"] is not None
    assert not receipt.declaration.late
    assert await faults(registry, body) == [("verb", "registry.nothing-changes")]
    assert await faults(registry, body | {"milieu": "rural"}) == []


async def test_a_review_renews_the_date_and_confirms_the_rest(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_declaration("review", household_id=str(first)))
    known = await read_household(first, EVERYWHERE, using=registry.api)
    assert (known.household["version"], known.household["review_on"]) == (2, date(2027, 11, 18))
    assert known.household["facts"]["rooms"] == 2


async def test_a_suspended_person_is_reinstated_by_a_judgment(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await declared(registry, a_declaration("suspension", person=an_idcs(2)))
    assert await faults(registry, a_declaration("suspension", person=an_idcs(2))) == [
        ("person", "registry.person-suspended")
    ]
    await declared(registry, a_declaration("reinstatement", person=an_idcs(2)))
    assert await faults(registry, a_declaration("reinstatement", person=an_idcs(2))) == [
        ("person", "registry.person-not-suspended")
    ]
    changes = await announced(registry, PersonStatusChanged.TYPE)
    assert [item["status"] for item in changes] == ["suspended", "active"]
    assert len(await members(registry, first)) == 3


async def test_only_a_judge_lets_the_dead_live_and_not_before_they_died(
    registry: Registry,
) -> None:
    await on_file(registry)
    await declared(registry, a_declaration("death", person=an_idcs(5)))
    lives = a_declaration("reinstatement", person=an_idcs(5))
    assert await faults(registry, lives | {"evidence": {"kind": "other"}}) == [
        ("evidence.kind", "registry.evidence-unfit")
    ]
    assert await faults(registry, lives | {"occurred_on": "2026-11-17"}) == [
        ("occurred_on", "registry.date-too-old")
    ]
    assert await faults(registry, lives) == []
    assert (await announced(registry, PersonStatusChanged.TYPE))[-1]["status"] == "active"


async def test_what_is_declared_late_takes_effect_and_is_said_to_be_late(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    body = a_declaration("departure", household_id=str(first), person=an_idcs(2))
    receipt = await declared(registry, body | {"occurred_on": "2026-11-04"})
    assert receipt.declaration.late
    assert "après le délai" in receipt.text_fr
    assert "الأجل" in receipt.text_ar
    before = body | {"occurred_on": "2026-09-01", "person": an_idcs(3)}
    receipt = await declared(registry, before)
    assert receipt.declaration.occurred_on == date(2026, 9, 1)
    assert receipt.declaration.effective_on == date(2026, 11, 4)
    assert "01/09/2026" in receipt.text_fr
    assert "le 04/11/2026, car" in receipt.text_fr
    assert "يسري مفعوله ابتداء من 04/11/2026" in receipt.text_ar


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"occurred_on": "2026-11-21"}, ("occurred_on", "registry.date-in-future")),
        ({"evidence": {"kind": "birth_certificate"}}, ("evidence.kind", "registry.evidence-unfit")),
        ({"person": "2000000019"}, ("person", "registry.idcs-check-digit")),
        ({"person": an_idcs(9)}, ("person", "registry.person-unknown")),
        ({"declared_by": an_idcs(3)}, ("declared_by", "registry.declarant-unfit")),
    ],
    ids=["tomorrow", "other evidence", "a wrong digit", "nobody", "a child declares"],
)
async def test_a_declaration_that_cannot_be_true_changes_nothing(
    registry: Registry, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    await on_file(registry)
    body = a_declaration("death", person=an_idcs(5)) | changes
    assert await faults(registry, body) == [fault]
    assert await registry.databases.value("SELECT count(*) FROM person_version") == 5
    assert await registry.databases.value("SELECT count(*) FROM declaration") == 2


async def test_a_registrar_of_another_region_changes_nothing(registry: Registry) -> None:
    first, second = await on_file(registry)
    rabat = ("04",)
    with pytest.raises(HouseholdNotFoundError):
        await declared(registry, a_declaration("review", household_id=str(first)), regions=rabat)
    death = a_declaration("death", person=an_idcs(5))
    assert await faults(registry, death, regions=rabat) == [("person", "registry.person-unknown")]
    moved = a_declaration("move", household_id=str(second), commune=RABAT, milieu="urban")
    assert await faults(registry, moved, regions=("01",)) == [
        ("commune", "registry.commune-out-of-scope")
    ]
    founded = a_new_household(a_member(5), a_member(2, kinship="spouse"), commune=RABAT)
    bride = a_declaration("marriage", spouses=[an_idcs(2), an_idcs(5)], founds=founded)
    unknown = [("spouses", "registry.person-unknown")] * 2
    assert await faults(registry, bride, regions=rabat) == unknown


async def test_evidence_is_kept_sealed_and_everybody_concerned_is_logged(
    registry: Registry,
) -> None:
    await on_file(registry)
    number = "TNG-2026-4711"
    evidence = {"kind": "death_certificate", "reference": number}
    receipt = await declared(registry, a_declaration("death", person=an_idcs(4), evidence=evidence))
    declaration = receipt.declaration
    assert declaration.evidence_sealed is not None
    assert number.encode() not in declaration.evidence_sealed
    opened = registry.api.sealed.unseal(
        declaration.evidence_sealed,
        table="declaration",
        column="evidence_sealed",
        row_id=declaration.declaration_id,
    )
    assert opened == number
    rows = await registry.databases.rows("SELECT action, result FROM access_log")
    assert [(row["action"], row["result"]) for row in rows] == [("declare-death", "recorded")] * 2


async def test_a_stranger_who_declares_is_as_unknown_as_nobody(registry: Registry) -> None:
    await on_file(registry)
    told = [
        await faults(
            registry,
            a_declaration("review", household_id=str(new_id()), declared_by=an_idcs(number)),
            regions=("04",),
        )
        for number in (1, 3, 99)
    ]
    assert told == [[("declared_by", "registry.person-unknown")]] * 3
