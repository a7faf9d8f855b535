"""A service in another process, over HTTP/1.1 with pooled connections.

The shapes are httpx's and the engine is aiohttp's: httpx's own pool is several times slower, and
a front door adds its cost to every call of every service.
"""

from collections.abc import AsyncIterator

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from services.gateway.integrations.upstream import (
    Message,
    Receive,
    Scope,
    Send,
    UpstreamBrokenError,
    UpstreamUnavailableError,
)

CONNECT_SECONDS = 2.0
CONNECTIONS_MAX = 256
# Shorter than the servers' own, so that a call is never sent into a connection about to close.
KEEP_ALIVE_SECONDS = 3.0
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SERVER_OWN_HEADERS = frozenset({b"date", b"server"})
_NEVER_REACHED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


class HttpUpstream:
    """Forwards each call to one base address."""

    def __init__(self, base_url: str) -> None:
        """Prepare connections to `base_url`; the first call opens one."""
        self._base_url = base_url.rstrip("/")
        self._transport = AiohttpTransport(client=_session)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP call.

        Raises:
            UpstreamUnavailableError: No connection could be made.
            UpstreamBrokenError: The connection broke, perhaps after the answer began.
        """
        try:
            response = await self._transport.handle_async_request(self._request(scope, receive))
        except httpx.TransportError as error:
            raise _failure(error) from error
        try:
            await _answer(response, send)
        except httpx.TransportError as error:
            message = "The service broke off in the middle of its answer."
            raise UpstreamBrokenError(message) from error
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._transport.aclose()

    def _request(self, scope: Scope, receive: Receive) -> httpx.Request:
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        has_body = scope["method"] in METHODS_WITH_BODY
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        return httpx.Request(
            scope["method"],
            self._base_url + target.decode("ascii"),
            headers=headers,
            content=_body(receive) if has_body else None,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}},
        )


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """Give the caller's body chunk by chunk, as fast as the service takes it."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            reason = "The caller left in the middle of the body."
            raise UpstreamBrokenError(reason)
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _answer(response: httpx.Response, send: Send) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": [
            (name.lower(), value)
            for name, value in response.headers.raw
            if name.lower() not in _SERVER_OWN_HEADERS
        ],
    }
    await send(start)
    async for chunk in response.aiter_raw():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _failure(error: httpx.TransportError) -> UpstreamUnavailableError | UpstreamBrokenError:
    if isinstance(error.__cause__, _NEVER_REACHED):
        message = "No connection to the service could be made."
        return UpstreamUnavailableError(message)
    message = "The service broke off before it answered."
    return UpstreamBrokenError(message)


def _session() -> aiohttp.ClientSession:  # noqa: TID251 -- this file is the transport itself
    return aiohttp.ClientSession(  # noqa: TID251
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_SECONDS),
        # A shared jar would hand one caller's cookies to the next.
        cookie_jar=aiohttp.DummyCookieJar(),
        # What the caller did not say must not be said for them.
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        trust_env=False,
    )
