"""The registry over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.use_cases.apply_next_block import ImportApplier
from shared.runtime.ids import new_id
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.gateway.stub_service import serving
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    a_file,
    a_household,
    a_person,
    content_digest,
    in_chunks,
)

FILE = a_file(a_person(1), a_person(2), a_household(1, [1, 2]), "{malformed", a_person(1))
WRITE, READ = "registry.imports:write", "registry.imports:read"
LOOK = ("registry.households:read", "registry.persons:read", "registry.statistics:read")


@pytest.fixture
def app(registry: Registry, keys: Path, issuer: Issuer) -> FastAPI:
    """Return the registry's application on the test's database."""
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    settings = Settings(sanad_profile="demo", registry_import_bytes_max=1_000_000)
    return create_app(settings, platform)


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may do everything with the registry."""
    transport = httpx.ASGITransport(app=app)
    headers = issuer.headers(WRITE, READ, *LOOK)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://registry.test", headers=headers
    ) as client:
        yield client


async def send(
    client: httpx.AsyncClient, file: bytes = FILE, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Send a file in pieces; a header of an empty text is left out."""
    stated = {
        "Content-Type": "application/jsonl",
        "Idempotency-Key": "a-key",
        "Content-Digest": content_digest(file),
    } | (headers or {})
    kept = {name: value for name, value in stated.items() if value}
    return await client.post("/registry/v1/imports", content=in_chunks(file), headers=kept)


async def load(client: httpx.AsyncClient, registry: Registry, file: bytes = FILE) -> Any:  # noqa: ANN401 -- JSON
    """Send a file, apply it, and return its job."""
    sent = await send(client, file)
    applier = ImportApplier(registry.worker)
    while await applier.apply_next_blocks():
        pass
    return (await client.get(sent.headers["Location"])).json()


async def test_a_file_is_accepted_with_a_job_to_follow(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    response = await send(client)
    assert response.status_code == 202
    job = response.json()
    assert response.headers["Location"] == f"/registry/v1/imports/{job['job_id']}"
    assert (job["state"], job["lines_total"], job["lines_done"]) == ("received", 5, 0)
    applier = ImportApplier(registry.worker)
    assert await applier.apply_next_blocks()
    done = (await client.get(response.headers["Location"])).json()
    assert (done["state"], done["persons_recorded"], done["households_recorded"]) == (
        "completed",
        2,
        1,
    )


async def test_refusals_name_line_field_and_code_page_by_page(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    job = await load(client, registry)
    address = f"/registry/v1/imports/{job['job_id']}/rejects"
    first = (await client.get(address, params={"limit": 1})).json()
    assert first["items"] == [{"line": 4, "field": "", "code": "registry.line-malformed"}]
    second = (await client.get(address, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert second == {
        "items": [{"line": 5, "field": "idcs", "code": "registry.idcs-duplicate"}],
        "next_cursor": None,
    }


async def test_the_same_request_again_is_the_same_job(client: httpx.AsyncClient) -> None:
    first, again = await send(client), await send(client)
    assert again.status_code == 202
    assert again.json()["job_id"] == first.json()["job_id"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Idempotency-Key": ""}, 400, "shared.idempotency-key-missing"),
        ({"Content-Digest": ""}, 400, "registry.content-digest-missing"),
        ({"Content-Digest": "md5=:abc=:"}, 400, "registry.content-digest-missing"),
        ({"Content-Digest": content_digest(b"else")}, 422, "registry.upload-digest-mismatch"),
        ({"Content-Type": "text/plain"}, 415, "registry.import-media-type"),
    ],
)
async def test_a_request_that_is_not_as_it_must_be_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, code: str
) -> None:
    response = await send(client, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_who_may_not_import_is_told_that_and_nothing_else(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    reader = issuer.headers(READ)
    response = await send(client, headers={**reader, "Content-Type": "text/csv"})
    assert (response.status_code, response.json()["code"]) == (403, "shared.scope-missing")


async def test_a_key_reused_for_another_file_is_refused(client: httpx.AsyncClient) -> None:
    await send(client)
    response = await send(client, a_file(a_person(5)))
    assert (response.status_code, response.json()["code"]) == (422, "registry.import-key-reused")


async def test_a_file_over_the_limit_is_refused_while_it_arrives(
    client: httpx.AsyncClient,
) -> None:
    response = await send(client, b"x" * 1_000_001)
    assert (response.status_code, response.json()["code"]) == (413, "registry.upload-too-large")


async def test_a_connection_that_breaks_fails_the_job(
    app: FastAPI, issuer: Issuer, registry: Registry
) -> None:
    arriving: list[dict[str, Any]] = [
        {"type": "http.request", "body": FILE[:-100], "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = issuer.headers(WRITE) | {
        "Content-Type": "application/jsonl",
        "Idempotency-Key": "a-key",
        "Content-Digest": content_digest(FILE),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/registry/v1/imports",
        "raw_path": b"/registry/v1/imports",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        return arriving.pop(0)

    async def unheard(_message: MutableMapping[str, Any]) -> None:
        """Take the answer that nobody hears any more."""

    await app(scope, receive, unheard)
    (job,) = await registry.databases.rows("SELECT state, failure_code FROM import_job")
    assert (job["state"], job["failure_code"]) == ("failed", "registry.upload-cut")


async def test_who_sends_all_before_reading_is_answered_though_the_file_is_kept_already(
    registry: Registry, keys: Path, issuer: Issuer
) -> None:
    file = a_file(a_person(1)) * 60_000  # more than the buffers of a connection hold
    job = await registry.receive(file, key="a-key")
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    headers = issuer.headers(WRITE, subject="a-client") | {
        "Content-Type": "application/jsonl",
        "Idempotency-Key": "a-key",
        "Content-Digest": content_digest(file),
        "Connection": "close",  # as urllib says it; the server hangs up with its answer
    }

    def sent(address: str, **changed: str) -> tuple[int, Any]:
        connection = HTTPConnection(address.removeprefix("http://"))
        with closing(connection):
            connection.request("POST", "/registry/v1/imports", body=file, headers=headers | changed)
            answer = connection.getresponse()
            return answer.status, json.load(answer)

    async with serving(create_app(Settings(sanad_profile="demo"), platform)) as address:
        status, kept = await asyncio.to_thread(sent, address)
        other = content_digest(b"another")
        refused, problem = await asyncio.to_thread(sent, address, **{"Content-Digest": other})
    assert (status, kept["job_id"]) == (202, str(job.job_id))
    assert (refused, problem["code"]) == (422, "registry.import-key-reused")


async def test_a_household_and_its_members_are_read(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await load(client, registry)
    household_id = await registry.databases.value("SELECT household_id FROM household")
    response = await client.get(f"/registry/v1/households/{household_id}")
    assert response.status_code == 200
    household = response.json()
    assert (household["milieu"], household["facts"]["rooms"]) == ("urban", 2)
    person = await client.get(f"/registry/v1/persons/{household['members'][0]['person_id']}")
    assert person.json()["name_latin"] == {"given": "Zahra", "family": "EL BAHRI"}
    assert person.json()["household_id"] == str(household_id)


async def test_both_times_of_a_look_up_may_be_stated(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await load(client, registry)
    household_id = await registry.databases.value("SELECT household_id FROM household")
    address = f"/registry/v1/households/{household_id}"
    now = registry.clock.now().isoformat()
    then = await client.get(address, params={"valid_on": "2026-10-02", "known_at": now})
    assert then.status_code == 200
    for times in ({"valid_on": "2026-10-01"}, {"known_at": "2026-01-01T00:00:00Z"}):
        assert (await client.get(address, params=times)).status_code == 404


@pytest.mark.parametrize(
    "times",
    [{"valid_on": "soon"}, {"known_at": "2026-01-01T00:00:00"}, {"valid_at": "2026-10-01"}],
    ids=["no date", "an instant without a zone", "no such parameter"],
)
async def test_times_that_cannot_be_read_are_refused(
    client: httpx.AsyncClient, times: dict[str, str]
) -> None:
    response = await client.get(f"/registry/v1/households/{new_id()}", params=times)
    assert response.status_code == 422


async def test_statistics_count_what_is_registered(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await load(client, registry)
    counts = (await client.get("/registry/v1/statistics")).json()
    assert (counts["persons"], counts["households"]) == (2, 1)


@pytest.mark.parametrize("kind", ["households", "persons"])
async def test_a_look_up_without_a_purpose_is_refused(client: httpx.AsyncClient, kind: str) -> None:
    del client.headers["Sanad-Purpose"]
    response = await client.get(f"/registry/v1/{kind}/{new_id()}")
    assert (response.status_code, response.json()["code"]) == (403, "shared.purpose-missing")


@pytest.mark.parametrize(
    "address", ["imports/{}", "imports/{}/rejects", "households/{}", "persons/{}"]
)
async def test_what_does_not_exist_is_not_found(client: httpx.AsyncClient, address: str) -> None:
    response = await client.get(f"/registry/v1/{address.format(new_id())}")
    assert response.status_code == 404
    assert response.json()["code"].startswith("registry.")


@pytest.mark.parametrize("cursor", ["!", "WyJhIiwiYiJd", "WyIxIl0"])
async def test_a_cursor_from_elsewhere_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    address = f"/registry/v1/imports/{new_id()}/rejects"
    response = await client.get(address, params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (422, "shared.cursor-malformed")


async def test_a_caller_of_another_region_finds_nothing(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    await load(client, registry)
    household_id = await registry.databases.value("SELECT household_id FROM household")
    headers = issuer.headers(*LOOK, regions=["04"])
    response = await client.get(f"/registry/v1/households/{household_id}", headers=headers)
    assert response.status_code == 404
    counts = (await client.get("/registry/v1/statistics", headers=headers)).json()
    assert (counts["persons"], counts["households"]) == (0, 0)


async def test_every_route_asks_for_a_scope_of_the_registry(app: FastAPI) -> None:
    operations = [
        operation
        for path, methods in app.openapi()["paths"].items()
        if path.startswith("/registry/")
        for operation in methods.values()
    ]
    assert len(operations) >= 40
    for operation in operations:
        (scopes,) = [scope for each in operation["security"] for scope in each.values()]
        assert all(scope.startswith("registry.") for scope in scopes)
        assert scopes
