"""The FastAPI application every service is: identity, problems, health and measures included."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Depends, FastAPI, Response, params
from fastapi.routing import APIRoute
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from psycopg import Error
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp
from typing_extensions import override

from shared.web.auth import admits
from shared.web.dialects import InDialect
from shared.web.oversize import OversizeAsProblem
from shared.web.platform import Platform
from shared.web.problems import COMMON_RESPONSES, install_problems, problem_response
from shared.web.strictness import hold_to_route
from shared.web.telemetry import Telemetry

BODY_BYTES_MAX = 1024 * 1024
VERSION = "1.0.0"


class _ServiceApp(FastAPI):
    """FastAPI, with the refusals that are made outside every middleware worded like all others."""

    @override
    def build_middleware_stack(self) -> ASGIApp:
        return InDialect(OversizeAsProblem(super().build_middleware_stack()))


def create_service_app(
    *,
    service: str,
    title: str,
    routers: Sequence[APIRouter],
    platform: Platform,
    state: Mapping[str, object],
) -> FastAPI:
    """Return a service's application.

    Args:
        service: The service's name, as in URLs and measures.
        title: What people call it.
        routers: Its routes; each must state a scope with `requires`.
        platform: The process's means.
        state: What the service's routes find on `request.app.state`.
    """
    app = _ServiceApp(
        title=title,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=COMMON_RESPONSES,
        generate_unique_id_function=_operation_id,
        max_body_size=BODY_BYTES_MAX,
        telemetry={"logs": False, "metrics": False},
        separate_input_output_schemas=False,
    )
    app.state.verifier = platform.verifier
    for name, value in state.items():
        setattr(app.state, name, value)
    install_problems(app)
    # Routes are tried in their order; the few of health are asked for least.
    for router in (*routers, health_routes(platform)):
        app.include_router(router, dependencies=_strictness(router))
    app.add_middleware(
        Telemetry,
        service=service,
        metrics=platform.metrics,
        inflight_max=platform.inflight_max,
    )
    return app


def _strictness(router: APIRouter) -> list[params.Depends]:
    """Return what holds requests to a route where not every one admits callers, which does."""
    return [] if all(map(admits, router.routes)) else [Depends(hold_to_route)]


def health_routes(platform: Platform) -> APIRouter:
    """Return liveness, readiness and measures; none of them says anything about people."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> Response:
        try:
            async with platform.database.transaction() as tx:
                await tx.execute("SELECT 1")
        except (Error, PoolTimeout):
            return problem_response(
                503, code="shared.storage-unavailable", detail="The storage does not answer."
            )
        return Response('{"status":"ready"}', media_type="application/json")

    @router.get("/metrics")
    async def metrics() -> Response:
        body = generate_latest(platform.metrics.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return router


def _operation_id(route: APIRoute) -> str:
    return route.name
