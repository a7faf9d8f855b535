"""Exports and CSV imports over HTTP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.domain.policies import Attribute, IdentifierKind
from services.registry.use_cases.write_export import write_next_export
from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import a_csv_file, a_file, a_person, content_digest
from tests.services.registry.partners import PURPOSE, a_purpose, agree_on

EXPORTS = "/registry/v1/exports"


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may import and export, and state its purpose."""
    scopes = ("registry.imports:write", "registry.exports:write")
    async with at_the_counter(registry, *scopes, keys=keys, issuer=issuer) as client:
        client.headers["Sanad-Purpose"] = PURPOSE
        yield client


async def ask(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    """Ask for an export of persons."""
    wanted = {"kind": "persons"} | body
    return await client.post(EXPORTS, json=wanted, headers={"Idempotency-Key": str(new_id())})


async def test_an_export_is_asked_for_followed_and_read(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await registry.load(a_file(a_person(1), a_person(2)), key="k")
    await agree_on(registry, client="client-under-test")
    accepted = await ask(client)
    assert accepted.status_code == 202, accepted.text
    place = f"{EXPORTS}/{accepted.json()['export_id']}"
    early = await client.get(f"{place}/content")
    assert (early.status_code, early.json()["code"]) == (409, "registry.export-not-ready")
    while await write_next_export(registry.worker):
        pass
    view = (await client.get(place)).json()
    assert (view["state"], view["lines"]) == ("completed", 2)
    content = await client.get(f"{place}/content")
    assert content.headers["content-type"] == "application/jsonl"
    assert len([json.loads(line) for line in content.text.splitlines()]) == 2


NARROWED: list[tuple[dict[str, Any], str]] = [
    ({"told": frozenset({Attribute.NAME_LATIN})}, "registry.attribute-not-agreed"),
    ({"batch": False}, "registry.batch-not-agreed"),
    ({"regions": ("04",)}, "registry.export-out-of-scope"),
    ({"identifier": IdentifierKind.TOKEN}, "registry.identifier-not-agreed"),
    ({"purposes": (a_purpose(consent_required=True),)}, "registry.consent-missing"),
]


async def test_an_export_is_read_only_while_the_policy_covers_it(
    client: httpx.AsyncClient, registry: Registry, keys: Path, issuer: Issuer
) -> None:
    await registry.load(a_file(a_person(1)), key="k")
    await agree_on(registry, client="client-under-test")
    place = f"{EXPORTS}/{(await ask(client)).json()['export_id']}/content"
    while await write_next_export(registry.worker):
        pass

    async def read() -> httpx.Response:
        # A process that has not read the policy yet; others follow within seconds.
        counter = at_the_counter(registry, "registry.exports:write", keys=keys, issuer=issuer)
        async with counter as fresh:
            return await fresh.get(place)

    for changes, code in NARROWED:
        await agree_on(registry, client="client-under-test", **changes)
        refused = await read()
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    await agree_on(registry, client="client-under-test")
    assert (await read()).status_code == 200


async def test_who_agreed_on_nothing_exports_nothing(client: httpx.AsyncClient) -> None:
    refused = await ask(client)
    assert (refused.status_code, refused.json()["code"]) == (403, "registry.policy-missing")


async def test_a_wish_that_no_export_knows_is_refused(client: httpx.AsyncClient) -> None:
    for body in ({"kind": "pets"}, {"colour": "blue"}, {"region_code": "1"}, {"valid_on": 5.5}):
        refused = await ask(client, **body)
        assert refused.status_code == 422
    unknown = await client.get(f"{EXPORTS}/{new_id()}/content")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "registry.export-not-found")


async def test_a_csv_file_is_taken_and_another_type_is_not(client: httpx.AsyncClient) -> None:
    file = a_csv_file(a_person(1))
    headers = {"Idempotency-Key": str(new_id()), "Content-Digest": content_digest(file)}
    for media_type, status in (("application/zip", 415), ("text/csv; charset=utf-8", 202)):
        answer = await client.post(
            "/registry/v1/imports", content=file, headers=headers | {"Content-Type": media_type}
        )
        assert answer.status_code == status, answer.text
