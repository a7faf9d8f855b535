"""The eligibility service as its callers meet it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.eligibility.main import create_app
from services.eligibility.settings import Settings
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.eligibility.service import Eligibility


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return what the service runs with."""
    return Settings(sanad_profile="demo", sanad_state_dir=tmp_path)


@pytest.fixture
def app(
    eligibility: Eligibility, clock: FixedClock, keys: Path, issuer: Issuer, settings: Settings
) -> FastAPI:
    """Return the service's application."""
    platform = platform_for_tests(
        "eligibility",
        eligibility.databases.api,
        clock=clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    return create_app(settings, platform)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of it."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
