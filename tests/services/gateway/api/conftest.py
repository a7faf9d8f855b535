"""The whole gateway, with small services behind it, in this process."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.integrations.upstream import Upstream
from services.gateway.main import create_app, in_process_upstreams, local_keys
from services.gateway.settings import Settings
from shared.runtime.clock import SystemClock
from shared.testing.databases import ServiceDatabases
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from shared.web.auth import TokenVerifier
from tests.services.gateway.conftest import ISSUER
from tests.services.gateway.stub_service import make_stub

Front = Callable[..., AbstractAsyncContextManager[FastAPI]]


@pytest.fixture
def stub(issuer: Issuer) -> FastAPI:
    return make_stub(issuer.verifier())


@pytest.fixture
def front(
    database: ServiceDatabases, keys: Path, issuer: Issuer, stub: FastAPI, tmp_path: Path
) -> Front:
    """Return what starts a gateway; `own_keys` makes it admit the tokens it issues itself."""

    @asynccontextmanager
    async def start(
        upstreams: Mapping[str, Upstream] | None = None, *, own_keys: bool = False, **changes: float
    ) -> AsyncIterator[FastAPI]:
        usual = {"sanad_profile": "demo", "sanad_state_dir": tmp_path, "sanad_issuer": ISSUER}
        settings = Settings.model_validate({**usual, **changes})
        verifier = issuer.verifier()
        if own_keys:
            verifier = TokenVerifier(ISSUER, "sanad", fetch_keys=local_keys(database.api))
        platform = platform_for_tests(
            "gateway", database.api, clock=SystemClock(), keys=keys, verifier=verifier
        )
        app = create_app(settings, platform, upstreams or in_process_upstreams({"registry": stub}))
        async with app.router.lifespan_context(app):
            yield app

    return start


def caller(app: FastAPI) -> httpx.AsyncClient:
    """Return a client of the gateway in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)
