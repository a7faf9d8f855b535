"""Corrections: what is on file, said better."""

from typing import Any

import pytest

from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_household import read_household
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    a_declaration,
    a_new_household,
    declared,
    faults,
    on_file,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import FACTS, a_file, a_member, a_person

EVERYWHERE = LookUp("a-caseworker", "case-follow-up", RowScope.everything())


async def test_a_correction_replaces_what_it_states_and_no_more(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration(
        "correction",
        household_id=str(first),
        members=[a_member(2, schooling="none", education="higher")],
        language="fr",
    )
    await declared(registry, body)
    known = await read_household(first, EVERYWHERE, using=registry.api)
    assert (known.household["language"], known.household["milieu"]) == ("fr", "urban")
    levels = sorted(member["facts"]["education"] for member in known.members)
    assert levels == ["basic", "basic", "higher"]
    stranger = body | {"members": [a_member(4)]}
    assert await faults(registry, stranger) == [("members", "registry.not-a-member")]


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"language": "ar", "milieu": "urban", "phone": "0700000001"},
        {"members": [a_member(2)], "facts": FACTS},
        {"forwarded": {"applications": [], "payee_account": None}},
    ],
    ids=["nothing", "the same words", "the same facts", "no wish"],
)
async def test_what_changes_nothing_makes_no_version(
    registry: Registry, stated: dict[str, Any]
) -> None:
    first, _ = await on_file(registry)
    body = a_declaration("correction", household_id=str(first), **stated)
    assert await faults(registry, body) == [("verb", "registry.nothing-changes")]
    assert await registry.databases.value("SELECT max(version) FROM household") == 1
    assert await registry.databases.value("SELECT count(*) FROM declaration") == 2
    assert await faults(registry, body | {"milieu": "rural"}) == []


async def test_a_minor_is_made_nobodys_spouse_without_a_judge(registry: Registry) -> None:
    first, _ = await on_file(registry)
    body = a_declaration(
        "correction", household_id=str(first), members=[a_member(3, kinship="spouse")]
    )
    assert await faults(registry, body) == [("members", "registry.spouse-minor")]
    founded = a_new_household(a_member(5), a_member(7, kinship="spouse"))
    await registry.load(a_file(a_person(7, birth_date="2013-03-01")), key="a child")
    registration = a_declaration("registration", household=founded)
    assert await faults(registry, registration) == [("members", "registry.spouse-minor")]
    assert await faults(registry, body | {"evidence": {"kind": "judicial_decision"}}) == []
    # Whoever is one on file is no obstacle to another change.
    assert await faults(registry, body | {"members": [], "milieu": "rural"}) == []


async def test_a_wish_alone_is_no_nothing(registry: Registry) -> None:
    first, _ = await on_file(registry)
    wish = {"applications": [{"programme": "asd", "applied_on": "2026-11-18"}]}
    body = a_declaration("correction", household_id=str(first), forwarded=wish)
    assert (await declared(registry, body)).declaration.verb == "correction"
