"""One service as a process: `python -m services <name> <command>`.

Commands that every service has: api, worker, migrate, provision, keys, settings, dead-letters.
"""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError
from typing_extensions import override

from shared.messaging.broker import Broker
from shared.messaging.consuming import queue_name
from shared.messaging.rabbitmq import RabbitMqBroker
from shared.messaging.sealed_fields import SealedFields, pair_folder
from shared.runtime.clock import Clock, OffsetClock, SystemClock
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.keys import MissingKeyError, make_key
from shared.runtime.logging import configure_logging
from shared.runtime.metrics import Metrics
from shared.runtime.settings import ServiceSettings
from shared.runtime.state_folder import StateFolderError
from shared.storage.database import Database
from shared.storage.migrations import migrate
from shared.storage.roles import ROLE_KINDS, provision
from shared.storage.sealed import load_sealed_columns, make_column_keys
from shared.web.app import health_routes
from shared.web.auth import TokenVerifier, fetch_keys_from
from shared.web.platform import Platform, Worker
from shared.web.problems import install_problems
from shared.web.working import Employment, at_work

GRACE_SECONDS = 20
DEAD_LETTERS_SHOWN_MAX = 100
REPLAY_MAX = 10_000


class ServiceModule(Protocol):
    """What a service's `main` offers to the process around it."""

    SERVICE: str
    MIGRATIONS: Path
    Settings: Callable[[], Any]
    create_app: Callable[[Any, Platform], FastAPI]
    create_worker: Callable[[Any, Platform], Worker]


class UsageError(Exception):
    """The process cannot start as asked; the message is one sentence for the operator."""


def run_service(module: ServiceModule, arguments: Sequence[str]) -> int:
    """Run one command of one service and return the exit status."""
    commands = _commands(module)
    parser = argparse.ArgumentParser(prog=f"python -m services {module.SERVICE}")
    parser.add_argument("command", choices=sorted(commands))
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    try:
        settings = module.Settings()
        configure_logging(module.SERVICE, level=settings.sanad_log_level)
        commands[asked.command](settings, asked.arguments)
    except ValidationError as error:
        places = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        names = ", ".join(sorted(places))
        reasons = "; ".join(_reason(fault["msg"]) for fault in error.errors())
        return _say(f"The settings are not usable ({names.upper()}): {reasons}.")
    except (UsageError, StateFolderError, MissingKeyError) as error:
        return _say(str(error))
    return 0


def _reason(fault: str) -> str:
    return fault.removeprefix("Value error, ").rstrip(".")


def _say(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


Command = Callable[[Any, Sequence[str]], None]


def _commands(module: ServiceModule) -> Mapping[str, Command]:
    own: Mapping[str, Command] = getattr(module, "COMMANDS", {})
    return {
        "api": lambda settings, _: run_loop(_serve_api(module, settings)),
        "worker": lambda settings, _: run_loop(_serve_worker(module, settings)),
        "migrate": lambda settings, _: _migrate(module, settings),
        "provision": lambda settings, _: _provision(module, settings),
        "keys": lambda settings, _: make_service_keys(module, settings.key_dir),
        "settings": lambda settings, _: print(settings.model_dump_json(indent=2)),  # noqa: T201
        "dead-letters": lambda settings, rest: asyncio.run(_dead_letters(module, settings, rest)),
        **own,
    }


def business_clock(settings: ServiceSettings) -> Clock:
    """Return the clock of this profile: only demonstrations may move time.

    Raises:
        UsageError: Time is moved, and this is no demonstration.
    """
    if settings.sanad_profile == "production":
        if settings.clock_offset_file.exists():
            message = (
                "A clock offset file is present, and production refuses to run on moved time;"
                " beside a demonstration set SANAD_PROFILE=demo."
            )
            raise UsageError(message)
        return SystemClock()
    return OffsetClock(settings.clock_offset_file)


@asynccontextmanager
async def open_platform(
    service: str,
    settings: ServiceSettings,
    *,
    database_url: str,
    metrics: Metrics,
    verifier: TokenVerifier | None = None,
) -> AsyncIterator[Platform]:
    """Connect a service to its storage and lend it the process's means."""
    database = Database(
        database_url, pool_max=settings.sanad_pool_max, application_name=f"sanad-{service}"
    )
    await database.open()
    keys = settings.key_dir
    try:
        yield Platform(
            clock=business_clock(settings),
            database=database,
            verifier=verifier or _verifier(settings),
            metrics=metrics,
            keys=keys / service,
            sealed=load_sealed_columns(keys / service),
            sealed_fields=SealedFields(service, keys),
            inflight_max=settings.sanad_inflight_max,
            kept_answers_hours=settings.sanad_kept_answers_hours,
        )
    finally:
        await database.close()


def _verifier(settings: ServiceSettings) -> TokenVerifier:
    return TokenVerifier(
        issuer=settings.sanad_issuer,
        audience=settings.sanad_audience,
        fetch_keys=fetch_keys_from(settings.sanad_jwks_url),
    )


async def _serve_api(module: ServiceModule, settings: ServiceSettings) -> None:
    url = _required(settings, "database_url")
    listener = listen(settings.sanad_host, settings.sanad_port)
    async with open_platform(
        module.SERVICE, settings, database_url=url, metrics=Metrics()
    ) as platform:
        app = module.create_app(settings, platform)
        write_document(app)
        settle_garbage_collector()
        await serve(app, listener)


async def _serve_worker(module: ServiceModule, settings: ServiceSettings) -> None:
    url = _required(settings, "database_url")
    amqp = _required(settings, "amqp_url")
    listener = listen(settings.sanad_host, settings.sanad_port)
    async with open_platform(
        module.SERVICE, settings, database_url=url, metrics=Metrics()
    ) as platform:
        broker = await RabbitMqBroker.connect(amqp)
        worker = module.create_worker(settings, platform)
        settle_garbage_collector()
        try:
            async with at_work([Employment(worker, platform)], broker):
                await serve(_worker_app(platform), listener)
        finally:
            await broker.close()


def _worker_app(platform: Platform) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install_problems(app)
    app.include_router(health_routes(platform))
    return app


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        UsageError: Somebody else listens there.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = f"Port {port} on {host} cannot be used ({error.strerror}); set SANAD_PORT."
        raise UsageError(message) from error
    listener.listen(2048)
    return listener


class HttpServer(uvicorn.Server):
    """Answers HTTP until SIGTERM or SIGINT, then lets running requests end.

    uvicorn raises the signal again once it has stopped answering, which would end the process
    before its workers and connections are closed; here a signal only begins the end.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 -- any ASGI application
        """Prepare to serve `app`."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Turn signals into the wish to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run what a process does until it ends, on a loop written in C: each request costs it less."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def write_document(app: FastAPI) -> None:
    """Write the OpenAPI document of `app`, which keeps it.

    It takes a large service a second, during which nothing is answered: better before the first
    request than with it.
    """
    app.openapi()


async def serve(app: FastAPI, listener: socket.socket) -> None:
    """Answer HTTP on `listener` until told to end."""
    await HttpServer(app).serve(sockets=[listener])


def _migrate(module: ServiceModule, settings: ServiceSettings) -> None:
    today = business_clock(settings).today()
    migrate(_required(settings, "owner_database_url"), module.MIGRATIONS, today=today)


def make_service_keys(module: ServiceModule, keys: Path) -> None:
    """Make a service's own keys, and those it shares with others, unless they are there.

    A service names in `SEALS_FOR` whom it seals event fields for, in `OPENS_FROM` whose it opens,
    and in `OWN_KEYS` what it keeps keys for besides its columns.
    """
    service = module.SERVICE
    make_column_keys(keys / service)
    for name in getattr(module, "OWN_KEYS", ()):
        make_key(keys / service / name)
    for receiver in getattr(module, "SEALS_FOR", ()):
        make_key(pair_folder(keys, sender=service, receiver=receiver))
    for sender in getattr(module, "OPENS_FROM", ()):
        make_key(pair_folder(keys, sender=sender, receiver=service))


def _provision(module: ServiceModule, settings: ServiceSettings) -> None:
    """Make the roles, with the passwords of `<KIND>_DATABASE_PASSWORD`, and the database."""
    admin = _required(settings, "admin_database_url")
    passwords = {kind: _required(settings, f"{kind}_database_password") for kind in ROLE_KINDS}
    provision(admin, module.SERVICE, passwords=passwords)


async def _dead_letters(
    module: ServiceModule, settings: ServiceSettings, arguments: Sequence[str]
) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m services {module.SERVICE} dead-letters")
    parser.add_argument("action", choices=("list", "replay"))
    parser.add_argument("type", help="the type of event, as <service>.<nouns>-<happened>.v1")
    asked = parser.parse_args(list(arguments))
    broker = await RabbitMqBroker.connect(_required(settings, "amqp_url"))
    try:
        await act_on_dead_letters(broker, queue_name(module.SERVICE, asked.type), asked.action)
    finally:
        await broker.close()


async def act_on_dead_letters(broker: Broker, queue: str, action: str) -> None:
    """List a queue's dead letters, or put them back, and say so on standard output."""
    if action == "replay":
        count = await broker.replay(queue, limit=REPLAY_MAX)
        print(f"{count} dead letters put back into {queue}.")  # noqa: T201 -- a command's answer
        return
    for letter in await broker.dead_letters(queue, limit=DEAD_LETTERS_SHOWN_MAX):
        print(letter.event_id, letter.type, f"{letter.body_bytes} bytes")  # noqa: T201


def _required(settings: ServiceSettings, name: str) -> str:
    secret = getattr(settings, name)
    if secret is None:
        message = f"{name.upper()} is not set; this command needs it."
        raise UsageError(message)
    return str(secret.get_secret_value())
