"""A little service of the routers that a test module has."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys, platform_for_tests
from shared.testing.tokens import Issuer
from shared.web.app import create_service_app


@pytest.fixture
async def client(
    things: ServiceDatabases,
    issuer: Issuer,
    clock: FixedClock,
    tmp_path: Path,
    routers: Sequence[APIRouter],
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the little service; the module's `routers` are all that it does."""
    make_test_keys(tmp_path, "things")
    platform = platform_for_tests(
        "things", things.api, clock=clock, keys=tmp_path, verifier=issuer.verifier()
    )
    app = create_service_app(
        service="things",
        title="Things",
        routers=routers,
        platform=platform,
        state={"database": things.api, "sealed": platform.sealed, "added": []},
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://things.test") as client:
        client.app = app  # type: ignore[attr-defined] # tests look at its state
        yield client
