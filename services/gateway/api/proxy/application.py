"""The proxy: one plain ASGI application that admits a call and forwards it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.gateway.api.proxy.exchange import Exchange
from services.gateway.api.proxy.headers import first_header, forwarded_headers
from services.gateway.api.proxy.refusals import (
    ADDRESS_MALFORMED,
    BODY_TOO_LARGE,
    ROUTE_UNKNOWN,
    UPSTREAM_BROKEN,
    UPSTREAM_BUSY,
    UPSTREAM_LATE,
    UPSTREAM_UNAVAILABLE,
    Refusal,
    RefusedError,
    method_unknown,
)
from services.gateway.domain.operations import Operation, OperationTable
from services.gateway.domain.routes import is_plain, service_of
from services.gateway.integrations.catalogue import Catalogue
from services.gateway.integrations.upstream import (
    Receive,
    Scope,
    Send,
    Upstream,
    UpstreamBrokenError,
    UpstreamUnavailableError,
)
from shared.kernel.errors import DomainError
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.web.auth import ScopeMissingError, TokenVerifier, UnauthenticatedError
from shared.web.problems import domain_problem

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take: seconds until its answer ends, bytes of body, company.

    Attributes:
        seconds_max: For an ordinary call, from its first byte to the last byte of its answer.
        bulk_seconds_max: The same for calls that take or give JSON Lines.
        body_bytes_max: The largest body that is forwarded.
        in_flight_max: Calls that may wait for one service at once.
    """

    seconds_max: float = 60.0
    bulk_seconds_max: float = 3_600.0
    body_bytes_max: int = 4 * 1024**3
    in_flight_max: int = 150


class Proxy:
    """Admits what the services' own documents allow, and streams it both ways."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        *,
        catalogue: Catalogue,
        verifier: TokenVerifier,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        """Know the services, by name."""
        self._upstreams = upstreams
        self._catalogue = catalogue
        self._verifier = verifier
        self._limits = limits
        self._in_flight = dict.fromkeys(upstreams, 0)
        self._gauge = metrics.gauge(
            "sanad_gateway_forwarded_calls", "Calls that wait for a service now.", ("upstream",)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or refuse it with a problem document."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            operation = await self._admitted(scope)
            await self._forward(
                operation,
                scope,
                Exchange(receive, send, body_bytes_max=self._limits.body_bytes_max),
            )
        except RefusedError as error:
            problem = error.refusal.response()
        except DomainError as error:
            problem = domain_problem(error)
        else:
            return
        await problem(scope, receive, send)

    async def _admitted(self, scope: Scope) -> Operation:
        """Return the operation that the call asks for and its token allows."""
        operation = await self._operation(scope)
        # Measures and logs speak of the documented path; the path itself holds ids.
        scope["route"] = operation
        scheme, _, token = (first_header(scope["headers"], b"authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Send an access token in the Authorization header."
            raise UnauthenticatedError(message)
        principal = await self._verifier.verify(token)
        if not operation.allows(principal.scopes):
            message = "The access token does not carry the scope that this route asks for."
            raise ScopeMissingError(message)
        return operation

    async def _operation(self, scope: Scope) -> Operation:
        path = scope["path"]
        service = service_of(path)
        if service is None or service not in self._upstreams:
            raise RefusedError(ROUTE_UNKNOWN)
        if not is_plain(path, raw_path=scope["raw_path"], query=scope["query_string"]):
            raise RefusedError(ADDRESS_MALFORMED)
        operations = (await self._table(service)).at(path)
        if not operations:
            raise RefusedError(ROUTE_UNKNOWN)
        operation = operations.get(scope["method"])
        if operation is None:
            raise RefusedError(method_unknown(tuple(operations)))
        return operation

    async def _table(self, service: str) -> OperationTable:
        try:
            return await self._catalogue.table(service)
        except UpstreamUnavailableError as error:
            raise RefusedError(UPSTREAM_UNAVAILABLE) from error
        except UpstreamBrokenError as error:
            raise RefusedError(UPSTREAM_BROKEN) from error

    async def _forward(self, operation: Operation, scope: Scope, exchange: Exchange) -> None:
        service = operation.service
        length = first_header(scope["headers"], b"content-length") or "0"
        if length.isdecimal() and int(length) > self._limits.body_bytes_max:
            raise RefusedError(BODY_TOO_LARGE)
        if self._in_flight[service] >= self._limits.in_flight_max:
            raise RefusedError(UPSTREAM_BUSY)
        self._count(service, 1)
        try:
            failure = await self._attempt(operation, _forwarded(scope), exchange)
        finally:
            self._count(service, -1)
        if failure is not None:
            log.warning("call-failed", upstream=service, code=failure.code)
        exchange.conclude(failure)

    async def _attempt(
        self, operation: Operation, scope: Scope, exchange: Exchange
    ) -> Refusal | None:
        limits = self._limits
        seconds = limits.bulk_seconds_max if operation.bulk else limits.seconds_max
        try:
            async with asyncio.timeout(seconds):
                await self._upstreams[operation.service](scope, exchange.receive, exchange.send)
        except TimeoutError:
            return UPSTREAM_LATE
        except UpstreamUnavailableError:
            return UPSTREAM_UNAVAILABLE
        except UpstreamBrokenError:
            return UPSTREAM_BROKEN
        return None

    def _count(self, service: str, change: int) -> None:
        self._in_flight[service] += change
        self._gauge.labels(service).set(self._in_flight[service])


def _forwarded(scope: Scope) -> Scope:
    """Return what the service is told of the call."""
    # The middleware around us gave the call its id, the caller's own if that was a sound one.
    known = structlog.contextvars.get_contextvars().get("request_id")
    request_id = str(known or new_id())
    return {**scope, "headers": forwarded_headers(scope["headers"], request_id=request_id)}
