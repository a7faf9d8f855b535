"""Duplicates over HTTP: asked for, listed in pages, reviewed once, never merged."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.registry.use_cases.find_duplicates import find_next_duplicates
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import a_file, a_person

SCOPES = (
    "registry.duplicates:read",
    "registry.duplicates:review",
    "registry.duplicates:write",
)
SEARCHES = "/registry/v1/duplicate-searches"
PAIRS = "/registry/v1/duplicates"


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a registrar's client, in a registry where somebody stands three times."""
    others = (a_person(number, cnie=None, phones=[]) for number in (2, 3))
    await registry.load(a_file(a_person(1), *others), key="k")
    async with at_the_counter(registry, *SCOPES, keys=keys, issuer=issuer) as client:
        yield client


async def searched(client: httpx.AsyncClient, registry: Registry, *, key: str = "k") -> str:
    """Have persons searched, and return the address of the search."""
    asked = await client.post(SEARCHES, json={"kind": "persons"}, headers={"Idempotency-Key": key})
    assert asked.status_code == 202, asked.text
    while await find_next_duplicates(registry.worker):
        pass
    return f"{SEARCHES}/{asked.json()['search_id']}"


async def test_a_search_is_followed_and_its_pairs_are_listed_in_pages(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    done = (await client.get(await searched(client, registry))).json()
    assert (done["state"], done["proposed"]) == ("completed", 3)
    seen, query = [], f"{PAIRS}?kind=persons&limit=2"
    address = query
    while address:
        page = (await client.get(address)).json()
        seen += [item["proposal_id"] for item in page["items"]]
        address = f"{query}&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert len(seen) == len(set(seen)) == 3


async def test_a_pair_is_compared_and_reviewed_once(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await searched(client, registry)
    first = (await client.get(f"{PAIRS}?kind=persons")).json()["items"][0]
    pair = (await client.get(f"{PAIRS}/{first['proposal_id']}")).json()
    assert {person["name_ar"]["given"] for person in pair["persons"]} == {"زهرة"}
    reviews = f"{PAIRS}/{first['proposal_id']}/reviews"
    verdict = {"verdict": "confirmed", "reason": "confirmed-by-person"}
    done = await client.post(reviews, json=verdict, headers={"Idempotency-Key": "r1"})
    assert (done.json()["state"], done.json()["reason"]) == ("confirmed", "confirmed-by-person")
    again = await client.post(reviews, json=verdict, headers={"Idempotency-Key": "r1"})
    assert again.json() == done.json()
    late = await client.post(reviews, json=verdict, headers={"Idempotency-Key": "r2"})
    assert (late.status_code, late.json()["code"]) == (409, "registry.duplicate-already-reviewed")
    confirmed = (await client.get(f"{PAIRS}?kind=persons&state=confirmed")).json()["items"]
    assert [one["proposal_id"] for one in confirmed] == [first["proposal_id"]]
    assert await registry.databases.value("SELECT count(*) FROM person") == 3


async def test_what_is_unknown_or_malformed_is_refused(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    nobody = "01900000-0000-7000-8000-000000000000"
    assert (await client.get(f"{PAIRS}/{nobody}")).status_code == 404
    assert (await client.get(f"{SEARCHES}/{nobody}")).status_code == 404
    assert (await client.get(f"{PAIRS}?kind=cattle")).status_code == 422
    assert (await client.get(f"{PAIRS}?kind=persons&cursor=x")).status_code == 422
    answer = await client.post(
        SEARCHES, json={"kind": "persons", "since": 1}, headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 422
    client.headers = httpx.Headers(issuer.headers("registry.persons:read"))
    assert (await client.get(f"{PAIRS}?kind=persons")).status_code == 403


async def test_searches_of_one_kind_asked_for_at_once_are_one_search(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    async def ask(key: str, kind: str = "persons") -> str:
        headers = {"Idempotency-Key": key}
        asked = await client.post(SEARCHES, json={"kind": kind}, headers=headers)
        assert asked.status_code == 202, asked.text
        return str(asked.json()["search_id"])

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(key)) for key in ("a", "b")]
        others = group.create_task(ask("c", "households"))
    first, again = (task.result() for task in asked)
    assert first == again != others.result()
    while await find_next_duplicates(registry.worker):
        pass
    assert await ask("d") != first
