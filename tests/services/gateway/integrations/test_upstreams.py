"""Both ways to a service pass the same contract."""

import contextlib
import gc
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message
from typing_extensions import override

from services.gateway.integrations.http_upstream import HttpUpstream
from services.gateway.integrations.in_process_upstream import InProcessUpstream
from services.gateway.integrations.upstream import (
    Upstream,
    UpstreamBrokenError,
    UpstreamUnavailableError,
)
from shared.testing.tokens import Issuer
from tests.services.gateway.stub_service import make_stub, serving, unused_address

MEGABYTE = 1024 * 1024


class Caller:
    """The caller's side of one call, with a body given in chunks."""

    def __init__(self, body: list[bytes] | None = None, *, leaves: bool = False) -> None:
        self._chunks = iter(body or [b""])
        self._left = len(body or [b""])
        self._leaves = leaves
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.is_answered = False

    async def receive(self) -> Message:
        if self._left == 0 and self._leaves:
            return {"type": "http.disconnect"}
        self._left -= 1
        more = self._left > 0 or self._leaves
        return {"type": "http.request", "body": next(self._chunks), "more_body": more}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = dict(message["headers"])
        else:
            self.body += message.get("body", b"")
            self.is_answered = not message.get("more_body", False)


class UpstreamContract(ABC):
    """What a service behind the gateway looks like, wherever it runs."""

    @abstractmethod
    def upstream(self, app: ASGIApp) -> AbstractAsyncContextManager[Upstream]:
        """Return the way to `app`, open while the block lasts."""

    @pytest.fixture
    def stub(self, issuer: Issuer) -> FastAPI:
        return make_stub(issuer.verifier())

    async def call(
        self, upstream: Upstream, caller: Caller, target: str, *, issuer: Issuer, **extra: str
    ) -> None:
        path, _, query = target.partition("?")
        token = issuer.token("registry.things:read", "registry.files:write")
        headers = {"host": "gateway.test", "authorization": f"Bearer {token}", **extra}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST" if path.endswith("files") else "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": None,
            "server": ("127.0.0.1", 80),
            "route": "of the gateway",
        }
        await upstream(scope, caller.receive, caller.send)

    async def test_a_call_and_its_answer_pass(self, stub: FastAPI, issuer: Issuer) -> None:
        caller = Caller()
        async with self.upstream(stub) as upstream:
            await self.call(upstream, caller, "/registry/v1/things/7?a=1", issuer=issuer)
        assert caller.status == 200
        assert caller.is_answered
        assert b'"thing_id":"7"' in caller.body
        assert b'"query":"a=1"' in caller.body

    async def test_a_refusal_passes_as_it_is(self, stub: FastAPI, issuer: Issuer) -> None:
        caller = Caller()
        async with self.upstream(stub) as upstream:
            await self.call(
                upstream, caller, "/registry/v1/things/7", issuer=issuer, authorization="none"
            )
        assert caller.status == 401
        assert caller.headers[b"content-type"] == b"application/problem+json"

    async def test_a_large_body_is_streamed_in_bounded_memory(
        self, stub: FastAPI, issuer: Issuer
    ) -> None:
        chunk = bytes(range(256)) * 256
        chunks = [chunk] * (50 * MEGABYTE // len(chunk))
        caller = Caller(chunks)
        async with self.upstream(stub) as upstream:
            gc.collect()
            tracemalloc.start()
            await self.call(upstream, caller, "/registry/v1/files", issuer=issuer)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        digest = sha256()
        for sent in chunks:
            digest.update(sent)
        assert digest.hexdigest().encode() in caller.body
        assert b'"bytes":52428800' in caller.body
        assert peak < 8 * MEGABYTE

    async def test_a_caller_that_leaves_in_the_middle_is_never_told_of_success(
        self, stub: FastAPI, issuer: Issuer
    ) -> None:
        caller = Caller([b"x"] * 3, leaves=True)
        async with self.upstream(stub) as upstream:
            with contextlib.suppress(UpstreamBrokenError):
                await self.call(upstream, caller, "/registry/v1/files", issuer=issuer)
        assert caller.status != 200

    async def test_an_answer_that_breaks_off_is_told_from_a_whole_one(
        self, stub: FastAPI, issuer: Issuer
    ) -> None:
        caller = Caller()
        async with self.upstream(stub) as upstream:
            with pytest.raises(UpstreamBrokenError):
                await self.call(upstream, caller, "/registry/v1/lines/2000", issuer=issuer)
        assert caller.status == 200
        assert not caller.is_answered

    async def test_what_the_service_gives_one_caller_is_not_said_for_the_next(
        self, stub: FastAPI, issuer: Issuer
    ) -> None:
        first, second = Caller(), Caller()
        async with self.upstream(stub) as upstream:
            for caller in (first, second):
                await self.call(upstream, caller, "/registry/v1/cookie", issuer=issuer)
        assert first.headers[b"set-cookie"].startswith(b"visitor=1")
        assert second.body == b"none"

    async def test_nothing_is_said_that_the_caller_did_not_say(
        self, stub: FastAPI, issuer: Issuer
    ) -> None:
        caller = Caller()
        async with self.upstream(stub) as upstream:
            await self.call(upstream, caller, "/registry/v1/things/7", issuer=issuer)
        for name in (b"user-agent", b"accept-encoding", b"accept"):
            assert b'"%b"' % name not in caller.body


class TestInProcessUpstream(UpstreamContract):
    @override
    @asynccontextmanager
    async def upstream(self, app: ASGIApp) -> AsyncIterator[Upstream]:
        yield InProcessUpstream(app)


class TestHttpUpstream(UpstreamContract):
    @override
    @asynccontextmanager
    async def upstream(self, app: ASGIApp) -> AsyncIterator[Upstream]:
        async with serving(app) as address:
            upstream = HttpUpstream(address)
            yield upstream
            await upstream.close()

    async def test_an_address_where_nobody_listens_is_unavailable(self, issuer: Issuer) -> None:
        upstream = HttpUpstream(unused_address())
        with pytest.raises(UpstreamUnavailableError):
            await self.call(upstream, Caller(), "/registry/v1/things/7", issuer=issuer)
        await upstream.close()
