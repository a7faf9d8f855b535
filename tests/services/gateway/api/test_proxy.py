import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from services.gateway.integrations.http_upstream import HttpUpstream
from shared.testing.tokens import Issuer
from shared.web.auth import Principal, requires
from tests.services.gateway.api.conftest import Front, caller
from tests.services.gateway.stub_service import serving, unused_address

READ = "registry.things:read"


async def test_a_call_with_the_scope_reaches_its_service(front: Front, issuer: Issuer) -> None:
    async with front() as app, caller(app) as http:
        answer = await http.get("/registry/v1/things/7?a=1", headers=issuer.headers(READ))
    assert answer.status_code == 200
    assert answer.json()["thing_id"] == "7"
    assert answer.json()["query"] == "a=1"


async def test_what_no_document_opens_stays_shut(front: Front, issuer: Issuer) -> None:
    shut = [
        ("GET", "/registry/v1/nothing", 404, "gateway.route-unknown"),
        ("GET", "/registry/v1/unprotected", 404, "gateway.route-unknown"),
        ("GET", "/elsewhere/v1/thing", 404, "gateway.route-unknown"),
        ("GET", "/payments/v1/cycles", 404, "gateway.route-unknown"),
        ("GET", "/registry/healthz", 404, "gateway.route-unknown"),
        ("DELETE", "/registry/v1/things/7", 405, "gateway.method-unknown"),
        ("GET", "/registry/v1/things/a%2Fb", 400, "gateway.address-malformed"),
        ("GET", "/registry/v1//things", 400, "gateway.address-malformed"),
    ]
    async with front() as app, caller(app) as http:
        for method, path, status, code in shut:
            refused = await http.request(method, path, headers=issuer.headers(READ))
            assert (path, refused.status_code, refused.json()["code"]) == (path, status, code)
            assert refused.headers["content-type"] == "application/problem+json"


async def test_a_wrong_method_is_told_the_right_ones(front: Front) -> None:
    async with front() as app, caller(app) as http:
        refused = await http.put("/registry/v1/things/7")
    assert refused.headers["allow"] == "GET"


async def test_without_a_valid_token_the_service_never_hears_of_the_call(
    front: Front, stub: FastAPI
) -> None:
    async with front() as app, caller(app) as http:
        for authorization in (None, "Basic eDp5", "Bearer ", "Bearer a.b.c"):
            headers = {} if authorization is None else {"Authorization": authorization}
            refused = await http.get("/registry/v1/things/7", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "shared.token-invalid")
            assert refused.headers["www-authenticate"].startswith("Bearer")
    assert stub.state.calls == []


async def test_without_the_documented_scope_the_service_never_hears_of_the_call(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    async with front() as app, caller(app) as http:
        refused = await http.get(
            "/registry/v1/things/7", headers=issuer.headers("registry.files:write")
        )
    assert (refused.status_code, refused.json()["code"]) == (403, "shared.scope-missing")
    assert stub.state.calls == []


async def test_what_a_dci_caller_may_not_do_is_said_in_the_standards_shape(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    path = "/dci/social/v1.0.0/registry/sync/search"

    @stub.post(path, operation_id="search")
    async def search(_: Annotated[Principal, requires("registry.social:search")]) -> None:
        stub.state.calls.append("search")

    stranger = issuer.headers(READ)
    refusals = [
        ("POST", {}, 401, "err.request.unauthorized", "www-authenticate"),
        ("POST", {"Authorization": "Bearer a.b.c"}, 401, "err.request.unauthorized", None),
        ("POST", stranger, 403, "err.request.forbidden", None),
        ("GET", stranger, 405, "err.request.bad", "allow"),
    ]
    async with front() as app, caller(app) as http:
        for method, headers, status, code, header in refusals:
            refused = await http.request(method, path, headers=headers)
            (error,) = refused.json()["errors"]
            assert (refused.status_code, error["code"]) == (status, code)
            assert error["message"]
            assert refused.headers["content-type"] == "application/json"
            assert header is None or header in refused.headers
    assert stub.state.calls == []


async def test_what_never_reaches_a_register_is_refused_in_the_standards_shape(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    path = "/dci/social/v1.0.0/registry/sync/search"

    @stub.post(path, operation_id="search")
    async def search(_: Annotated[Principal, requires("registry.social:search")]) -> None:
        stub.state.calls.append("search")

    headers = issuer.headers("registry.social:search")
    async with front(sanad_body_bytes_max=10) as app, caller(app) as http:
        large = await http.post(path, content=b"x" * 11, headers=headers)
        unknown = await http.post("/dci/social/v1.0.0/registry/searches", headers=headers)
        nowhere = await http.post("/dci/elsewhere", headers=headers)
        malformed = await http.post(f"{path}//", headers=headers)
    away = {"registry": HttpUpstream(unused_address())}
    async with front(away) as app, caller(app) as http:
        unreachable = await http.post(path, headers=headers)
    told = [
        (refused.status_code, refused.json()["errors"][0]["code"])
        for refused in (large, unknown, nowhere, malformed, unreachable)
    ]
    assert told == [
        (413, "err.request.bad"),
        (404, "err.request.not_found"),
        (404, "err.request.not_found"),
        (400, "err.request.bad"),
        (503, "err.service.unavailable"),
    ]
    for refused in (large, unknown, nowhere, malformed, unreachable):
        assert refused.headers["content-type"] == "application/json"
        assert int(refused.headers["content-length"]) == len(refused.content)
        assert "x-request-id" in refused.headers
        assert refused.json()["errors"][0]["message"]
    assert unreachable.headers["retry-after"] == "1"
    assert stub.state.calls == []


async def test_nobody_can_pretend_to_be_the_front_door(front: Front, issuer: Issuer) -> None:
    forged = {
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=10.0.0.1",
        "X-Real-IP": "10.0.0.1",
        "Client-Cert": ":AAAA:",
        "X-Sanad-Subject": "minister",
        "X-Internal-Role": "administrator",
        "Connection": "keep-alive, X-Secret-Hop",
        "X-Secret-Hop": "1",
        "Keep-Alive": "timeout=5",
        "TE": "trailers",
        "Proxy-Authorization": "Basic eDp5",
        "Upgrade": "h2c",
        "Expect": "100-continue",
    }
    passed = {"Traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01", "Accept-Language": "ar"}
    headers = {**issuer.headers(READ), **forged, **passed}
    async with front() as app, caller(app) as http:
        answer = await http.get("/registry/v1/things/7", headers=headers)
    heard = answer.json()["headers"]
    assert not {name.lower() for name in forged} & set(heard)
    assert heard["traceparent"] == passed["Traceparent"]
    assert heard["accept-language"] == "ar"


async def test_one_request_id_is_heard_by_the_service_and_told_to_the_caller(
    front: Front, issuer: Issuer
) -> None:
    async with front() as app, caller(app) as http:
        for sent in ("order-42", None, "x" * 200, "not allowed"):
            own = {} if sent is None else {"X-Request-Id": sent}
            answer = await http.get("/registry/v1/things/7", headers=issuer.headers(READ) | own)
            (told,) = answer.headers.get_list("x-request-id")
            assert told == answer.json()["headers"]["x-request-id"]
            assert (told == sent) is (sent == "order-42")


async def test_measures_speak_of_documented_paths_and_never_of_ids(
    front: Front, issuer: Issuer
) -> None:
    async with front() as app, caller(app) as http:
        await http.get("/registry/v1/things/4820193756", headers=issuer.headers(READ))
        measures = (await http.get("/metrics")).text
    assert 'route="/registry/v1/things/{thing_id}"' in measures
    assert "4820193756" not in measures
    assert 'sanad_gateway_forwarded_calls{upstream="registry"} 0.0' in measures


async def test_a_body_beyond_the_limit_is_refused_however_it_is_sent(
    front: Front, issuer: Issuer
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    headers = issuer.headers("registry.files:write")
    async with front(sanad_body_bytes_max=1_000) as app, caller(app) as http:
        announced = await http.post("/registry/v1/files", content=b"x" * 1_001, headers=headers)
        streamed = await http.post("/registry/v1/files", content=chunks(), headers=headers)
        fitting = await http.post("/registry/v1/files", content=b"x" * 1_000, headers=headers)
    for refused in (announced, streamed):
        assert (refused.status_code, refused.json()["code"]) == (413, "gateway.body-too-large")
    assert fitting.json()["bytes"] == 1_000


async def test_a_service_that_takes_too_long_is_given_up(front: Front, issuer: Issuer) -> None:
    async with front(sanad_call_seconds_max=0.05) as app, caller(app) as http:
        late = await http.get("/registry/v1/slow", headers=issuer.headers(READ))
    assert (late.status_code, late.json()["code"]) == (504, "gateway.upstream-late")


async def test_calls_beyond_the_bulkhead_are_turned_away_at_once(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    headers = issuer.headers(READ)
    changes = {"sanad_upstream_inflight_max": 2, "sanad_call_seconds_max": 2.0}
    async with front(**changes) as app, caller(app) as http, asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(http.get("/registry/v1/slow", headers=headers)) for _ in range(2)
        ]
        for _ in waiting:
            await stub.state.slow_calls.acquire()
        turned = await http.get("/registry/v1/things/7", headers=headers)
        assert (turned.status_code, turned.json()["code"]) == (503, "gateway.upstream-busy")
        assert turned.headers["retry-after"] == "1"
        assert not any(task.done() for task in waiting)


async def test_a_service_that_is_away_is_a_problem_that_says_so(
    front: Front, issuer: Issuer
) -> None:
    upstreams = {"registry": HttpUpstream(unused_address())}
    async with front(upstreams) as app, caller(app) as http:
        away = await http.get("/registry/v1/things/7", headers=issuer.headers(READ))
        health = await http.get("/healthz")
    assert (away.status_code, away.json()["code"]) == (503, "gateway.upstream-unavailable")
    assert away.headers["retry-after"]
    assert health.status_code == 200


async def test_a_service_that_went_away_after_it_was_read_is_a_problem_too(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    async with AsyncExitStack() as stack:
        async with serving(stub) as address:
            app = await stack.enter_async_context(front({"registry": HttpUpstream(address)}))
            http = await stack.enter_async_context(caller(app))
            headers = issuer.headers(READ)
            assert (await http.get("/registry/v1/things/7", headers=headers)).status_code == 200
        away = await http.get("/registry/v1/things/7", headers=headers)
        assert (away.status_code, away.json()["code"]) in {
            (503, "gateway.upstream-unavailable"),
            (502, "gateway.upstream-broken"),
        }


async def test_fifty_megabytes_pass_two_servers_unchanged(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    chunk = bytes(range(256)) * 1024
    count = 200
    digest = sha256()

    async def body() -> AsyncIterator[bytes]:
        for _ in range(count):
            digest.update(chunk)
            yield chunk

    async with (
        serving(stub) as address,
        front({"registry": HttpUpstream(address)}) as app,
        serving(app) as gateway,
        httpx.AsyncClient(timeout=60) as http,
    ):
        answer = await http.post(
            f"{gateway}/registry/v1/files",
            content=body(),
            headers=issuer.headers("registry.files:write"),
        )
    assert answer.json()["bytes"] == count * len(chunk)
    assert answer.json()["sha256"] == digest.hexdigest()
    # The service saw pieces, never the whole: nobody on the way gathered the body.
    assert answer.json()["chunk_bytes_max"] <= 1024 * 1024


async def test_an_answer_that_breaks_off_breaks_the_callers_connection(
    front: Front, stub: FastAPI, issuer: Issuer
) -> None:
    async with (
        serving(stub) as address,
        front({"registry": HttpUpstream(address)}) as app,
        serving(app) as gateway,
        httpx.AsyncClient(headers=issuer.headers(READ), timeout=60) as http,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"{gateway}/registry/v1/lines/2000")
        whole = await http.get(f"{gateway}/registry/v1/lines/900")
    assert len(whole.text.splitlines()) == 900
    assert json.loads(whole.text.splitlines()[-1]) == {"line": 899}


async def test_dot_segments_cannot_climb_out_of_a_prefix(front: Front, issuer: Issuer) -> None:
    token = issuer.token(READ)
    async with front() as app, serving(app) as gateway:
        place = urlsplit(gateway)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(
            b"GET /registry/v1/things/../../../metrics HTTP/1.1\r\nHost: gateway\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\nConnection: close\r\n\r\n"
        )
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"gateway.address-malformed" in answer


async def test_a_websocket_is_closed_politely(front: Front) -> None:
    async with front() as app, serving(app) as gateway:
        place = urlsplit(gateway)
        with socket.create_connection((place.hostname, place.port)) as connection:
            connection.setblocking(False)  # noqa: FBT003 -- the socket's own way to say it
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(
                connection,
                b"GET /registry/v1/things/7 HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            answer = await loop.sock_recv(connection, 4096)
    assert answer.startswith(b"HTTP/1.1 403")
