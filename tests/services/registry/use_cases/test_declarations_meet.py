"""Declarations about the same people at the same moment."""

import asyncio

from services.registry.use_cases.declaration_errors import (
    DeclarationConflictError,
    DeclarationRefusedError,
)
from tests.services.registry.changing import (
    a_declaration,
    a_member,
    a_new_household,
    declared,
    members,
    on_file,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import an_idcs


async def test_two_declarations_about_one_household_take_effect_one_after_the_other(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    async with asyncio.TaskGroup() as group:
        for number in (2, 3):
            body = a_declaration("departure", household_id=str(first), person=an_idcs(number))
            group.create_task(declared(registry, body))
    assert await members(registry, first) == {"1": "head"}
    assert await registry.databases.value("SELECT max(version) FROM household") == 3


async def test_a_person_cannot_join_two_households_at_once(registry: Registry) -> None:
    await on_file(registry)
    registration = a_declaration("registration", household=a_new_household(a_member(5)))
    outcomes: list[str] = []

    async def register() -> None:
        try:
            await declared(registry, registration)
            outcomes.append("recorded")
        except (DeclarationConflictError, DeclarationRefusedError) as error:
            outcomes.append(error.code)

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(register())
    assert outcomes.count("recorded") == 1
    assert await registry.databases.value("SELECT count(*) FROM household") == 3
