"""The registry's counter: a client of its real application, on the storage of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from services.registry.main import SERVICE, Settings, create_app
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry


@asynccontextmanager
async def at_the_counter(
    registry: Registry,
    *scopes: str,
    keys: Path,
    issuer: Issuer,
    settings: Settings | None = None,
    **claims: Any,  # noqa: ANN401 -- any claim
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that holds these scopes, everywhere unless its claims say otherwise."""
    platform = platform_for_tests(
        SERVICE,
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    app = create_app(settings or Settings(sanad_profile="demo"), platform)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://registry.test",
        headers=issuer.headers(*scopes, **claims),
    ) as client:
        yield client
