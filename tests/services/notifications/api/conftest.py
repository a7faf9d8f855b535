"""The notifications service as its callers meet it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.notifications.main import SERVICE, Settings, create_app
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.notifications.conftest import Notifications


@pytest.fixture
async def api(
    notifications: Notifications, clock: FixedClock, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the service."""
    platform = platform_for_tests(
        SERVICE, notifications.databases.api, clock=clock, keys=keys, verifier=issuer.verifier()
    )
    transport = httpx.ASGITransport(app=create_app(Settings(), platform))
    async with httpx.AsyncClient(transport=transport, base_url="http://sanad.test") as client:
        yield client
