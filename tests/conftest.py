"""Fixtures of every suite: a real PostgreSQL server, keys, tokens, a clock and a broker."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from shared.messaging.in_process import InProcessBroker
from shared.runtime.state_folder import temporary_folder
from shared.storage.embedded import EmbeddedPostgres, start_postgres
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys
from shared.testing.rabbitmq_server import RabbitMQServer, private_rabbitmq
from shared.testing.tokens import Issuer

# The default draws every local variable of a traceback: slow, and it would print tokens.
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

# Examples are judged by what they show, never by how long a busy machine took over one.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share one RabbitMQ node in one worker."""
    for item in items:
        if item.get_closest_marker("rabbitmq"):
            item.add_marker(pytest.mark.xdist_group("rabbitmq"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """Return a server of this session's own."""
    # Hundreds of databases come and go here, and none has to outlive a power failure.
    # tests/shared/storage/test_embedded.py holds the server to its real settings.
    hasty = (
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum=off",
        "scram_iterations=1",
    )
    with temporary_folder("sanad-tests-") as state:
        server = start_postgres(state, settings=hasty)
        yield server
        server.stop()


@pytest.fixture
def server_state() -> Iterator[Path]:
    """Return the state folder of a server; the folders of pytest are closed to its user."""
    with temporary_folder("sanad-tests-") as folder:
        yield folder


@pytest.fixture(scope="session")
def _templates(postgres: EmbeddedPostgres) -> DatabaseFactory:
    return DatabaseFactory(postgres.admin_url)


@pytest.fixture
async def databases(_templates: DatabaseFactory) -> AsyncIterator[DatabaseFactory]:
    """Return what makes migrated databases; they are removed after the test."""
    yield _templates
    await _templates.drop_all()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the keys of all services."""
    folder = tmp_path_factory.mktemp("keys")
    make_test_keys(folder, *SERVICES)
    return folder


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """Return what issues tokens for tests."""
    return Issuer()


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still on a Friday morning."""
    return FixedClock()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[InProcessBroker]:
    """Return an in-process broker of this test's own."""
    broker = InProcessBroker(tmp_path / "broker.sqlite3")
    yield broker
    await broker.close()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQServer]:
    """Return a RabbitMQ node of this session's own."""
    with private_rabbitmq() as server:
        yield server
