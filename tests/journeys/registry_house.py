"""The registry whole: its application and its worker on real PostgreSQL, asked over HTTP alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.registry.main import OWN_KEYS, SERVICE, Settings, create_app, create_worker
from shared.messaging.broker import Broker
from shared.runtime.clock import Clock
from shared.runtime.ids import new_id
from shared.runtime.keys import make_key
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from shared.web.working import Employment, at_work
from tests.services.registry.declaring import a_file, content_digest

POLL_SECONDS = 0.02
WAIT_SECONDS_MAX = 120.0
ANY_PURPOSE = "identity-verification"


@dataclass(frozen=True)
class Caller:
    """Somebody with a token, and the purpose they state."""

    http: httpx.AsyncClient
    headers: Mapping[str, str]

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        """Ask."""
        return await self.http.get(path, params=parameters, headers=self.headers)

    async def post(self, path: str, body: Any) -> httpx.Response:  # noqa: ANN401 -- any JSON
        """Ask with a body, under a key of its own."""
        headers = {**self.headers, "Idempotency-Key": str(new_id())}
        return await self.http.post(path, json=body, headers=headers)

    async def put(self, path: str, body: Any) -> httpx.Response:  # noqa: ANN401 -- any JSON
        """Put something in force."""
        return await self.http.put(path, json=body, headers=self.headers)


@dataclass(frozen=True)
class RegistryHouse:
    """The running registry and the people at its counters."""

    http: httpx.AsyncClient
    databases: ServiceDatabases
    issuer: Issuer
    keys: Path

    def caller(self, *scopes: str, purpose: str = ANY_PURPOSE, **claims: Any) -> Caller:  # noqa: ANN401
        """Return a caller with these scopes; claims as `subject` and `regions` say who it is."""
        token = self.issuer.token(*scopes, purposes=[purpose], **claims)
        return Caller(self.http, {"Authorization": f"Bearer {token}", "Sanad-Purpose": purpose})

    async def register(self, *lines: dict[str, Any]) -> None:
        """Send a file of declarations and wait until all of it is recorded."""
        registrar = self.caller("registry.imports:write", "registry.imports:read")
        file = a_file(*lines)
        headers = {
            "Content-Type": "application/jsonl",
            "Content-Digest": content_digest(file),
            "Idempotency-Key": str(new_id()),
        }
        received = await self.http.post(
            "/registry/v1/imports", content=file, headers={**registrar.headers, **headers}
        )
        assert received.status_code == 202, received.text
        place = received.headers["Location"]
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while (job := (await registrar.get(place)).json())["state"] != "completed":
                assert job["state"] != "failed", job
                await asyncio.sleep(POLL_SECONDS)
        assert job["rejected"] == 0, (await registrar.get(f"{place}/rejects")).json()

    async def person_id(self, idcs: str) -> str:
        """Return the pseudonym of a person, as a registrar finds it."""
        registrar = self.caller("registry.persons:read")
        found = await registrar.post("/registry/v1/persons/look-up", {"idcs": idcs})
        assert found.status_code == 200, found.text
        person_id: str = found.json()["person_id"]
        return person_id

    async def household_id(self, idcs: str) -> str:
        """Return the household that a person lives in."""
        registrar = self.caller("registry.persons:read")
        found = await registrar.post("/registry/v1/persons/look-up", {"idcs": idcs})
        household_id: str = found.json()["household_id"]
        return household_id


@asynccontextmanager
async def registry_house(
    databases: DatabaseFactory, broker: Broker, clock: Clock, *, keys: Path, issuer: Issuer
) -> AsyncIterator[RegistryHouse]:
    """Run the registry with its worker for as long as the context lasts."""
    made = await databases.make(SERVICE)
    for name in OWN_KEYS:
        make_key(keys / SERVICE / name)
    api, worker = (
        platform_for_tests(SERVICE, database, clock=clock, keys=keys, verifier=issuer.verifier())
        for database in (made.api, made.worker)
    )
    settings = Settings(sanad_profile="demo")
    application = create_app(settings, api)
    employment = Employment(create_worker(settings, worker), worker)
    transport = httpx.ASGITransport(app=application)
    async with (
        at_work([employment], broker),
        httpx.AsyncClient(transport=transport, base_url="http://registry.test") as http,
    ):
        yield RegistryHouse(http, made, issuer, keys)


def readable(document: object) -> str:
    """Return a document as text in which Arabic is not escaped."""
    return json.dumps(document, ensure_ascii=False)
