"""A small service to stand behind the gateway, and servers to stand it on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import ASGIApp

from shared.web.app import BODY_BYTES_MAX
from shared.web.auth import Principal, TokenVerifier, requires
from shared.web.problems import COMMON_RESPONSES, Problem, install_problems

LINES_MAX = 1_000


def make_stub(verifier: TokenVerifier, *, service: str = "registry") -> FastAPI:
    """Return a service whose routes tell what reached them."""
    app = FastAPI(
        title=service,
        responses=COMMON_RESPONSES,
        max_body_size=BODY_BYTES_MAX,
    )
    app.state.verifier = verifier
    app.state.calls = []
    app.state.slow_calls = asyncio.Semaphore(0)
    install_problems(app)
    reader = requires(f"{service}.things:read")
    _add_things(app, service, reader)
    _add_streams(app, service, reader)
    _add_oddities(app, service, reader)
    return app


def _add_things(app: FastAPI, service: str, reader: Any) -> None:  # noqa: ANN401 -- a marker
    @app.get(f"/{service}/v1/things/{{thing_id}}", operation_id="get_thing", tags=["things"])
    async def get_thing(
        thing_id: str,
        request: Request,
        principal: Annotated[Principal, reader],
        a: int | None = None,
    ) -> dict[str, object]:
        app.state.calls.append(thing_id)
        return {
            "thing_id": thing_id,
            "subject": principal.subject,
            "query": request.url.query,
            "a": a,
            "headers": {name: request.headers[name] for name in request.headers},
        }

    @app.get(f"/{service}/v1/cookie", operation_id="get_cookie")
    async def get_cookie(request: Request, _: Annotated[Principal, reader]) -> Response:
        heard = request.headers.get("cookie", "none")
        return Response(heard, headers={"Set-Cookie": "visitor=1; Path=/"})


def _add_streams(app: FastAPI, service: str, reader: Any) -> None:  # noqa: ANN401 -- a marker
    @app.post(
        f"/{service}/v1/files",
        operation_id="post_file",
        max_body_size=10**10,
        openapi_extra={"requestBody": {"content": {"application/jsonl": {"schema": {}}}}},
    )
    async def post_file(
        request: Request, _: Annotated[Principal, requires(f"{service}.files:write")]
    ) -> dict[str, object]:
        digest, size, chunk_max = sha256(), 0, 0
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
            chunk_max = max(chunk_max, len(chunk))
        return {"sha256": digest.hexdigest(), "bytes": size, "chunk_bytes_max": chunk_max}

    @app.get(f"/{service}/v1/lines/{{count}}", operation_id="get_lines")
    async def get_lines(count: int, _: Annotated[Principal, reader]) -> StreamingResponse:
        return StreamingResponse(_lines(count), media_type="application/jsonl")


async def _lines(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        if number == LINES_MAX:
            message = "Broken in the middle."
            raise ConnectionError(message)
        yield b'{"line": %d}\n' % number


def _add_oddities(app: FastAPI, service: str, reader: Any) -> None:  # noqa: ANN401 -- a marker
    @app.get(f"/{service}/v1/slow", operation_id="get_slow")
    async def get_slow(_: Annotated[Principal, reader]) -> dict[str, str]:
        app.state.slow_calls.release()
        await asyncio.sleep(3600)
        return {}

    @app.get(f"/{service}/v1/unprotected", operation_id="get_unprotected")
    async def get_unprotected() -> dict[str, str]:
        return {"told": "everything"}

    @app.get("/elsewhere/v1/thing", operation_id="get_elsewhere")
    async def get_elsewhere(_: Annotated[Principal, reader]) -> Problem:
        raise AssertionError


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve `app` over real HTTP while the block lasts, and give its address."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # callers that come before the server is ready wait in the queue
    port = listener.getsockname()[1]
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True


def unused_address() -> str:
    """Return a local address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
