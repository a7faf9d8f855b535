"""Exports and CSV imports over HTTP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.use_cases.write_export import write_next_export
from shared.runtime.ids import new_id
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_csv_file, a_file, a_person, content_digest
from tests.services.registry.partners import PURPOSE, agree_on

EXPORTS = "/registry/v1/exports"


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may import and export, and state its purpose."""
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    transport = httpx.ASGITransport(app=create_app(Settings(sanad_profile="demo"), platform))
    headers = issuer.headers("registry.imports:write", "registry.exports:write")
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://registry.test",
        headers=headers | {"Sanad-Purpose": PURPOSE},
    ) as client:
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
