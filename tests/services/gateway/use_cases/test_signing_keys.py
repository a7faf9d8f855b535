import asyncio
from datetime import timedelta

import pytest

from services.gateway.storage.signing_keys import find_active_key
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.ensure_signing_key import ensure_signing_key, forget_retired_keys
from services.gateway.use_cases.publish_keys import publish_keys
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock


async def published(collaborators: Collaborators) -> list[str]:
    return [key["kid"] for key in (await publish_keys(collaborators.database))["keys"]]


async def signing(collaborators: Collaborators) -> str:
    async with collaborators.database.transaction() as tx:
        key = await find_active_key(tx)
    assert key is not None
    return key.standing.kid


@pytest.fixture
async def first(collaborators: Collaborators) -> str:
    await ensure_signing_key(collaborators=collaborators)
    return await signing(collaborators)


async def test_processes_that_start_together_agree_on_one_key(
    collaborators: Collaborators,
) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(ensure_signing_key(collaborators=collaborators))
    assert await published(collaborators) == [await signing(collaborators)]


async def test_only_public_halves_are_published(collaborators: Collaborators, first: str) -> None:
    (key,) = (await publish_keys(collaborators.database))["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert key["kid"] == first


async def test_the_private_half_is_sealed_in_the_table(
    database: ServiceDatabases, first: str
) -> None:
    sealed = await database.value(
        "SELECT private_sealed FROM signing_key WHERE kid = %(kid)s", kid=first
    )
    assert b"PRIVATE KEY" not in bytes(sealed)


async def test_the_next_key_is_published_an_hour_before_it_signs(
    collaborators: Collaborators, worker: Collaborators, clock: FixedClock, first: str
) -> None:
    clock.move(timedelta(days=90) - timedelta(hours=1))
    await ensure_signing_key(collaborators=worker)
    assert await signing(collaborators) == first
    (_, following) = await published(collaborators)

    clock.move(timedelta(minutes=59))
    await ensure_signing_key(collaborators=worker)
    assert await signing(collaborators) == first

    clock.move(timedelta(minutes=1))
    await ensure_signing_key(collaborators=worker)
    assert await signing(collaborators) == following
    assert await published(collaborators) == [first, following]


async def test_a_retired_key_is_published_until_its_last_token_ended(
    collaborators: Collaborators, worker: Collaborators, clock: FixedClock, first: str
) -> None:
    for step in (timedelta(days=90) - timedelta(hours=1), timedelta(hours=1)):
        clock.move(step)
        await ensure_signing_key(collaborators=worker)
    clock.move(timedelta(minutes=59))
    assert await forget_retired_keys(collaborators=worker) == 0
    assert first in await published(collaborators)
    clock.move(timedelta(minutes=1))
    assert await forget_retired_keys(collaborators=worker) == 1
    assert await published(collaborators) == [await signing(collaborators)]
