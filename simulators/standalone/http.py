"""The HTTP door of a simulator: a socket bound early, a bearer token, problems as JSON."""

import hmac
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from simulators.standalone.errors import StartError

SHUTDOWN_SECONDS = 0.3
PAGE_ROWS_MAX = 5_000
JSON_BYTES_MAX = 16_384

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 lets the system choose.

    Raises:
        StartError: The port is in use, or this host has no such address.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        message = f"Cannot listen on {host} port {port}: it is in use or not allowed."
        raise StartError(message) from error
    return listener


def port_of(listener: socket.socket) -> int:
    """Return the port that a listening socket really has."""
    return int(listener.getsockname()[1])


@asynccontextmanager
async def serving(app: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    """Answer requests on `listener` until the block ends; requests under way are then cut."""
    # Access logs are off: a path may name an end-to-end id.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()


def bears_token(request: web.Request, token: str) -> bool:
    """Tell whether the request carries the bearer token, in a time that does not depend on it."""
    presented = request.headers.get("Authorization", "")
    return hmac.compare_digest(presented.encode(), f"Bearer {token}".encode())


def problem(status: int, code: str, detail: str) -> web.Response:
    """Return a problem document (RFC 9457); `detail` never repeats what was submitted."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


def refusal(error: type[web.HTTPException], code: str, detail: str) -> web.HTTPException:
    """Return the exception that ends a request with a problem document."""
    body = {"type": "about:blank", "status": error.status_code, "code": code, "detail": detail}
    return error(text=json.dumps(body), content_type="application/problem+json")


def whole_number(request: web.Request, name: str, *, default: int, most: int) -> int:
    """Return a query parameter as an integer from 0 to `most`.

    Raises:
        web.HTTPBadRequest: It is something else.
    """
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise _bad_number(name, most)
    if int(text) > most:
        raise _bad_number(name, most)
    return int(text)


async def json_object(request: web.Request) -> Mapping[str, Any]:
    """Return the JSON object in the body of a request.

    Raises:
        web.HTTPBadRequest: The body is no JSON object.
        web.HTTPRequestEntityTooLarge: It is longer than the application allows.
    """
    try:
        document = json.loads(await request.read())
    except ValueError as error:
        raise refusal(web.HTTPBadRequest, "malformed", "The body is no JSON.") from error
    if not isinstance(document, dict):
        raise refusal(web.HTTPBadRequest, "malformed", "The body is no JSON object.")
    return document


def _bad_number(name: str, most: int) -> web.HTTPException:
    detail = f"The parameter {name} must be a whole number from 0 to {most}."
    return refusal(web.HTTPBadRequest, "malformed", detail)
