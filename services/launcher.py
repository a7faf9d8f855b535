"""The whole country on one machine: every service in one process, behind one port.

This is the only module that may import several services. What differs from the distributed form
is listed here and nowhere else: an embedded PostgreSQL, the in-process broker, calls from the
gateway to the services without a network, simulators for the outside world, and leases that end
with the process.
"""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from services.eligibility import main as eligibility
from services.gateway import main as gateway
from services.notifications import main as notifications
from services.payments import main as payments
from services.registry import main as registry
from shared.messaging.broker import Broker
from shared.messaging.in_process import InProcessBroker
from shared.messaging.rabbitmq import RabbitMqBroker
from shared.runtime.children import Child, start_child
from shared.runtime.clock import OffsetClock, SystemClock, demonstration_offset
from shared.runtime.metrics import Metrics
from shared.storage.embedded import start_postgres
from shared.storage.leases import end_leases
from shared.storage.migrations import migrate
from shared.storage.roles import ROLE_KINDS, ServiceUrls, provision
from shared.web.auth import TokenVerifier
from shared.web.platform import Platform
from shared.web.process import make_service_keys, open_platform, write_document
from shared.web.working import Employment, at_work

SERVICES: Mapping[str, Any] = {
    module.SERVICE: module for module in (registry, eligibility, payments, notifications, gateway)
}
POOL_MAX = 6
BLOCK_LINES = 2_000
# SMPP 3.4 has no room for more.
SMPP_PASSWORD_CHARACTERS = 8


@dataclass(frozen=True)
class Ground:
    """What must stand before any service does: storage, keys, time and the outside world."""

    state: Path
    port: int
    urls: Mapping[str, ServiceUrls]
    bank: Child
    sms_centre: Child
    is_alone: bool = False
    """Whether the server was started for this process, so that nobody else is at work on it."""
    amqp_url: str | None = None
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def address(self) -> str:
        """Return where people and programs find the gateway."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, service: str, *, role: str) -> Any:  # noqa: ANN401 -- each has its own
        """Return a service's settings on this ground, for one of its database roles."""
        outside: dict[str, dict[str, object]] = {
            # Every service shares one event loop here: a large block holds it up, and of small ones
            # each statement waits for its turn.
            "registry": {"registry_block_lines_max": BLOCK_LINES},
            "payments": {
                "bank_url": f"http://127.0.0.1:{self.bank.ready['port']}",
                "bank_token_file": self.state / "outside" / "bank-token",
            },
            "notifications": {
                "sms_host": "127.0.0.1",
                "sms_port": self.sms_centre.ready["port"],
                "sms_password_file": self.state / "outside" / "smsc-password",
            },
        }
        return SERVICES[service].Settings(
            sanad_profile="demo",
            sanad_state_dir=self.state,
            sanad_port=self.port,
            sanad_issuer=self.address,
            sanad_jwks_url=f"{self.address}/.well-known/jwks.json",
            sanad_pool_max=POOL_MAX,
            database_url=SecretStr(getattr(self.urls[service], role)),
            **outside.get(service, {}),
        )


@contextmanager
def prepared_ground(
    state: Path, port: int, *, admin_url: str | None = None, amqp_url: str | None = None
) -> Iterator[Ground]:
    """Make or find keys, time, databases and simulators under `state`, for as long as needed.

    Args:
        state: The installation's folder.
        port: Where the gateway will answer.
        admin_url: An administrator's address on a PostgreSQL server; None starts an embedded one.
        amqp_url: A RabbitMQ server; None uses the in-process broker.
    """
    for module in SERVICES.values():
        make_service_keys(module, state / "keys")
    begin_time(state / "clock-offset")
    outside = state / "outside"
    outside.mkdir(exist_ok=True, mode=0o700)
    make_secret(outside / "bank-token")
    make_secret(outside / "smsc-password", characters=SMPP_PASSWORD_CHARACTERS)
    with _server(state, admin_url) as server_url:
        urls = {name: _migrated(server_url, name, state) for name in SERVICES}
        bank, sms_centre = start_outside_world(state)
        try:
            yield Ground(
                state=state,
                port=port,
                urls=urls,
                bank=bank,
                sms_centre=sms_centre,
                is_alone=admin_url is None,
                amqp_url=amqp_url,
            )
        finally:
            sms_centre.stop()
            bank.stop()


def begin_time(offset_file: Path) -> None:
    """Set the business clock of this demonstration to a working morning."""
    current = None
    if offset_file.exists():
        current = timedelta(seconds=int(offset_file.read_text()))
    offset = demonstration_offset(SystemClock().now(), current)
    offset_file.write_text(str(int(offset.total_seconds())))


def make_secret(path: Path, *, characters: int = 48) -> None:
    """Write a random secret that only its owner reads, unless it is there."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(characters // 2))


@contextmanager
def _server(state: Path, given: str | None) -> Iterator[str]:
    """Yield the administrator's address of PostgreSQL: the one given, or an embedded one."""
    if given is not None:
        yield given
        return
    server = start_postgres(state)
    try:
        yield server.admin_url
    finally:
        server.stop()


def _migrated(admin_url: str, service: str, state: Path) -> ServiceUrls:
    folder = state / "keys" / service / "database"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind in ROLE_KINDS:
        make_secret(folder / f"{kind}.password")
    passwords = {kind: (folder / f"{kind}.password").read_text() for kind in ROLE_KINDS}
    urls = provision(admin_url, service, passwords=passwords)
    for kind in ROLE_KINDS:
        # For the commands of operators: the port is another at each start.
        address = folder / f"{kind}.url"
        address.touch(mode=0o600)
        address.write_text(getattr(urls, kind))
    today = OffsetClock(state / "clock-offset").today()
    migrate(urls.owner, SERVICES[service].MIGRATIONS, today=today)
    return urls


def start_outside_world(state: Path) -> tuple[Child, Child]:
    """Start the bank and the SMS centre as programs of their own."""
    clock = ("--clock-offset", str(state / "clock-offset"))
    outside = state / "outside"
    bank = start_child(
        "simulators.bank",
        [
            *("--port", "0", "--state", str(outside / "bank")),
            *("--token-file", str(outside / "bank-token"), *clock),
        ],
        log=state / "bank.log",
    )
    sms_centre = start_child(
        "simulators.sms_centre",
        [
            *("--port", "0", "--http-port", "0", "--state", str(outside / "sms-centre")),
            *("--system-id", "sanad", "--password-file", str(outside / "smsc-password"), *clock),
        ],
        log=state / "sms-centre.log",
    )
    return bank, sms_centre


@asynccontextmanager
async def running_stack(ground: Ground) -> AsyncIterator[FastAPI]:
    """Run all services on `ground`, workers included, and yield the gateway's application.

    What a process that was killed had claimed is free at once where nobody else can hold it.
    """
    async with AsyncExitStack() as stack:
        verifier = await _local_verifier(ground, stack)
        lent: dict[tuple[str, str], Platform] = {
            (name, role): await stack.enter_async_context(
                open_platform(
                    name,
                    ground.settings(name, role=role),
                    database_url=getattr(ground.urls[name], role),
                    metrics=ground.metrics,
                    verifier=verifier,
                )
            )
            for name in SERVICES
            for role in ("api", "worker")
        }
        if ground.is_alone:
            for name, module in SERVICES.items():
                async with lent[name, "worker"].database.transaction() as tx:
                    await end_leases(tx, getattr(module, "CLAIMS", ()))
        broker = await _broker(ground)
        stack.push_async_callback(broker.close)
        employed = [
            Employment(
                module.create_worker(ground.settings(name, role="worker"), lent[name, "worker"]),
                lent[name, "worker"],
            )
            for name, module in SERVICES.items()
        ]
        await stack.enter_async_context(at_work(employed, broker))
        apps = {
            name: module.create_app(ground.settings(name, role="api"), lent[name, "api"])
            for name, module in SERVICES.items()
            if module is not gateway
        }
        for app in apps.values():
            write_document(app)
        yield gateway.create_app(
            ground.settings("gateway", role="api"),
            lent["gateway", "api"],
            gateway.in_process_upstreams(apps),
        )


async def _local_verifier(ground: Ground, stack: AsyncExitStack) -> TokenVerifier:
    """Seed the demonstration's clients; return what verifies tokens without a network."""
    settings = ground.settings("gateway", role="worker")
    keeper = await stack.enter_async_context(
        open_platform(
            "gateway", settings, database_url=ground.urls["gateway"].worker, metrics=ground.metrics
        )
    )
    await gateway.seed(settings, keeper)
    return TokenVerifier(
        issuer=settings.sanad_issuer,
        audience=settings.sanad_audience,
        fetch_keys=gateway.local_keys(keeper.database),
    )


async def _broker(ground: Ground) -> Broker:
    if ground.amqp_url is not None:
        return await RabbitMqBroker.connect(ground.amqp_url)
    return InProcessBroker(ground.state / "broker.sqlite3")
