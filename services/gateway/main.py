"""Composition root of the gateway: wires its parts, decides nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp

from services.gateway.api import documents, tokens
from services.gateway.api.client_commands import client_command
from services.gateway.api.commands import CLIENTS, TokenUnavailableError, print_token
from services.gateway.api.documents import MergedDocument
from services.gateway.api.proxy.application import Limits, Proxy
from services.gateway.domain.roles import role_book
from services.gateway.domain.signing_keys import RotationPolicy
from services.gateway.domain.tokens import TokenPolicy
from services.gateway.integrations.catalogue import Catalogue
from services.gateway.integrations.http_upstream import HttpUpstream
from services.gateway.integrations.in_process_upstream import InProcessUpstream
from services.gateway.integrations.upstream import Upstream
from services.gateway.settings import Settings
from services.gateway.storage.tables import GatewayTable
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.ensure_signing_key import ensure_signing_key, forget_retired_keys
from services.gateway.use_cases.publish_keys import publish_keys
from services.gateway.use_cases.purge_spent import purge_spent_assertions
from services.gateway.use_cases.seed_demo_clients import (
    DemoProfileRequiredError,
    seed_demo_clients,
)
from shared.runtime.clock import SystemClock
from shared.runtime.loops import Loop
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.web.app import create_service_app
from shared.web.auth import FetchKeys
from shared.web.platform import Platform, Worker
from shared.web.process import UsageError, open_platform

SERVICE = "gateway"
METADATA = GatewayTable.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
HOUSEKEEPING_SECONDS = 60.0


def create_app(
    settings: Settings, platform: Platform, upstreams: Mapping[str, Upstream] | None = None
) -> FastAPI:
    """Return the gateway's application.

    Args:
        settings: Its settings.
        platform: The process's means; its verifier admits callers of the proxy.
        upstreams: The services by name; by default those the settings name, over HTTP.
    """
    if upstreams is None:
        upstreams = {name: HttpUpstream(url) for name, url in settings.upstream_urls.items()}
    collaborators = _collaborators(settings, platform)
    catalogue = Catalogue(upstreams)
    app = create_service_app(
        service=SERVICE,
        title="Sanad gateway",
        routers=[tokens.router, documents.router],
        platform=platform,
        state={"collaborators": collaborators, "metrics": platform.metrics},
    )
    app.state.merged_document = MergedDocument(
        catalogue, book=collaborators.book, version=app.version, own=app.openapi
    )
    _drop_own_document_route(app)
    proxy = Proxy(
        upstreams,
        catalogue=catalogue,
        verifier=platform.verifier,
        limits=_limits(settings),
        metrics=platform.metrics,
    )
    # The proxy counts bodies by itself, against a limit of its own; the framework's is for forms.
    app.router.routes.append(Mount("/", app=proxy, max_body_size=sys.maxsize))
    app.router.lifespan_context = _lifespan(collaborators, upstreams)
    return app


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return the gateway's housekeeping: keys that rotate, spent assertions that are forgotten."""
    collaborators = _collaborators(settings, platform)

    async def rotate_keys() -> bool:
        await ensure_signing_key(collaborators=collaborators)
        return await forget_retired_keys(collaborators=collaborators) > 0

    async def purge() -> bool:
        return await purge_spent_assertions(collaborators=collaborators)

    return Worker(
        service=SERVICE,
        loops=(
            Loop("rotate-signing-keys", rotate_keys, idle_seconds=HOUSEKEEPING_SECONDS),
            Loop("purge-spent-assertions", purge, idle_seconds=HOUSEKEEPING_SECONDS),
        ),
    )


def in_process_upstreams(applications: Mapping[str, ASGIApp]) -> dict[str, Upstream]:
    """Return services of this very process; their lifespans are somebody else's business."""
    return {name: InProcessUpstream(app) for name, app in applications.items()}


def local_keys(database: Database) -> FetchKeys:
    """Return what reads the published keys from the gateway's own database, without HTTP."""

    async def fetch() -> Mapping[str, object]:
        keys = await publish_keys(database)
        return {"keys": [dict(key) for key in keys["keys"]]}

    return fetch


def _collaborators(settings: Settings, platform: Platform) -> Collaborators:
    """Return what the gateway's use cases work with."""
    issuer = settings.sanad_issuer.rstrip("/")
    return Collaborators(
        database=platform.database,
        # Credentials live in true time: their other ends are not moved by a demonstration.
        clock=SystemClock(),
        sealed=platform.sealed,
        book=role_book(),
        tokens=TokenPolicy(issuer, settings.sanad_audience, life=settings.token_life),
        rotation=RotationPolicy(
            life=settings.key_life, lead=settings.key_lead, overlap=settings.key_lead
        ),
        audiences=frozenset({issuer, f"{issuer}{tokens.TOKEN_PATH}"}),
        is_demo=settings.sanad_profile == "demo",
    )


async def seed(settings: Settings, platform: Platform) -> tuple[str, ...]:
    """Make the demonstration's clients and return their roles; refused in production."""
    collaborators = _collaborators(settings, platform)
    return await seed_demo_clients(_client_folder(settings), collaborators=collaborators)


def _client_folder(settings: Settings) -> Path:
    """Return where the demonstration's private keys lie, one file per role."""
    return settings.sanad_state_dir / CLIENTS


def _seed_command(settings: Settings, _arguments: Sequence[str]) -> None:
    """Make the demonstration's clients: `seed-demo-clients`."""
    if settings.database_url is None:
        message = "DATABASE_URL is not set; this command needs it."
        raise UsageError(message)
    url = settings.database_url.get_secret_value()

    async def run() -> tuple[str, ...]:
        async with open_platform(
            SERVICE, settings, database_url=url, metrics=Metrics()
        ) as platform:
            return await seed(settings, platform)

    try:
        roles = asyncio.run(run())
    except DemoProfileRequiredError as error:
        raise UsageError(str(error)) from error
    sys.stdout.write("\n".join(roles) + "\n")


def _token_command(settings: Settings, arguments: Sequence[str]) -> None:
    """Write a token of one role's demonstration client: `token ROLE [PERSON]`."""
    if settings.sanad_profile != "demo":
        message = "Tokens are handed out on the command line in the demo profile only."
        raise UsageError(message)
    role, subject, *more = (*arguments, "", "")
    if any(more):
        message = "Name one role, and for a citizen one person."
        raise UsageError(message)
    try:
        print_token(_client_folder(settings), role, subject or None)
    except TokenUnavailableError as error:
        raise UsageError(str(error)) from error


Command = Callable[[Settings, Sequence[str]], None]

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "clients": client_command(_collaborators),
        "seed-demo-clients": _seed_command,
        "token": _token_command,
    }
)


def _limits(settings: Settings) -> Limits:
    return Limits(
        seconds_max=settings.sanad_call_seconds_max,
        bulk_seconds_max=settings.sanad_bulk_seconds_max,
        body_bytes_max=settings.sanad_body_bytes_max,
        in_flight_max=settings.sanad_upstream_inflight_max,
    )


def _drop_own_document_route(app: FastAPI) -> None:
    """Remove the framework's document of the gateway alone; the merged one takes its address."""
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", None) != app.openapi_url
    ]


def _lifespan(
    collaborators: Collaborators, upstreams: Mapping[str, Upstream]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await ensure_signing_key(collaborators=collaborators)
        yield
        for upstream in upstreams.values():
            await upstream.close()

    return lifespan
