"""Refusals in the shape that a standard gives them, on the paths where its callers read that.

Whoever refuses (the framework, a middleware, a route, the gateway) writes a problem document; here
it is worded anew on its way out, so that no refusal is forgotten.
"""

import json
from http import HTTPStatus
from types import MappingProxyType

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import MEDIA_TYPE

# The DCI standard has one list of errors for gateways and whatever else stands before a service.
_DCI_PREFIX = "/dci/"
_DCI_CODES = MappingProxyType(
    {
        401: "err.request.unauthorized",
        403: "err.request.forbidden",
        404: "err.request.not_found",
        429: "err.request.too_many_requests",
        504: "err.request.timeout",
    }
)
_DCI_REFUSED, _DCI_FAILED = "err.request.bad", "err.service.unavailable"
_OF_THE_BODY = frozenset({b"content-length", b"content-type"})


class InDialect:
    """ASGI middleware around everything that can refuse a request."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection event."""
        if scope["type"] == "http" and scope["path"].startswith(_DCI_PREFIX):
            send = _Reworded(scope, receive, send).send
        await self._app(scope, receive, send)


class _Reworded:
    """Holds a problem document back until it is whole; anything else passes."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                refusal = _as_dci(self._start, self._body)
                await refusal(self._scope, self._receive, self._send)


def _is_problem(message: Message) -> bool:
    types = [value for name, value in message.get("headers", ()) if name == b"content-type"]
    return types[:1] == [MEDIA_TYPE.encode()]


def _as_dci(start: Message, body: bytes) -> JSONResponse:
    """Return a problem document as the DCI standard words a refusal; its headers are kept."""
    status = start["status"]
    otherwise = _DCI_FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _DCI_REFUSED
    code = _DCI_CODES.get(status, otherwise)
    # An answer to HEAD has no body to take a sentence from.
    sentence = json.loads(body)["detail"] if body else HTTPStatus(status).phrase
    refusal = JSONResponse({"errors": [{"code": code, "message": sentence}]}, status_code=status)
    kept = [header for header in start["headers"] if header[0] not in _OF_THE_BODY]
    refusal.raw_headers.extend(kept)
    return refusal
