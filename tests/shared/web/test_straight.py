"""A straight route answers and refuses word for word as the framework's own would."""

import json
from collections.abc import Mapping
from typing import Annotated, ClassVar

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from shared.kernel.errors import DomainError, ErrorKind
from shared.testing.tokens import Issuer
from shared.web.auth import Principal, requires
from shared.web.straight import StraightRoute

SCOPE, PURPOSE = "notes.notes:read", "reading"
GOOD = b'{"note": "seen"}'
JSON = "application/json"


class Note(BaseModel):
    """A note."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(max_length=8)
    count: Annotated[int, Field(strict=True)] = 0


class NoteLostError(DomainError):
    """The note is lost."""

    code: ClassVar[str] = "notes.lost"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


async def read_note(
    body: Note,
    principal: Annotated[Principal, requires(SCOPE, purpose=True)],
    request: Request,
) -> Response:
    """Return a note, who asks and what for."""
    if body.note == "lost":
        message = "The note is lost."
        raise NoteLostError(message)
    told = f"{body.note} {body.count} {principal.subject} {principal.purpose} {request.method}"
    return Response(told, media_type="text/plain")


def router_of(prefix: str, route_class: type[APIRoute]) -> APIRouter:
    """Return a router whose one route is of a kind."""
    router = APIRouter(prefix=prefix, route_class=route_class)
    router.add_api_route("", read_note, methods=["POST"], response_model=None, name=prefix[1:])
    return router


@pytest.fixture
def routers() -> list[APIRouter]:
    """Return the routers of a service with the same route twice."""
    return [router_of("/straight", StraightRoute), router_of("/framework", APIRoute)]


async def ask(
    client: httpx.AsyncClient, path: str, body: bytes, headers: httpx.Headers
) -> tuple[int, str, Mapping[str, str]]:
    """Return what a route answers, but for the id of the request."""
    answer = await client.post(path, content=body, headers=headers)
    told = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.text, told


@pytest.mark.parametrize(
    ("status", "body", "stated"),
    [
        (200, GOOD, {}),
        (200, GOOD, {"content-type": f"{JSON}; charset=utf-8"}),
        (200, GOOD.decode().encode("utf-16"), {}),
        (404, b'{"note": "lost"}', {}),
        (422, GOOD, {"content-type": "text/plain"}),
        (422, GOOD, {"content-type": ""}),
        (400, b'{"note": ', {}),
        (400, b'{"note": ', {"authorization": ""}),
        (400, b'{"note": "\xff"}', {}),
        (400, b"[" * 100_000, {}),
        (422, b"", {}),
        (422, b"null", {}),
        (422, b'["note"]', {}),
        (422, b'{"note": "seen", "more": 1}', {}),
        (422, b'{"note": "seen", "count": "1"}', {}),
        (422, b'{"note": "longer than that"}', {}),
        (401, GOOD, {"authorization": ""}),
        (401, b'{"more": 1}', {"authorization": "Bearer made.up.token"}),
        (403, GOOD, {"sanad-purpose": "another"}),
        (403, b'{"more": 1}', {"sanad-purpose": ""}),
        (403, GOOD, {"sanad-purpose": "a" * 64}),
        (422, GOOD, {"sanad-purpose": "a" * 65}),
        (422, GOOD, {"sanad-purpose": "a" * 65, "authorization": ""}),
        (400, b'{"note": ', {"sanad-purpose": "a" * 65}),
        (415, GOOD, {"content-encoding": "gzip"}),
        (413, b'{"note": "' + b"a" * 1024 * 1024 + b'"}', {}),
        (400, b'{"note": "seen", "note": "not"}', {}),
    ],
)
async def test_it_answers_as_the_framework_does(
    client: httpx.AsyncClient,
    issuer: Issuer,
    status: int,
    body: bytes,
    stated: Mapping[str, str],
) -> None:
    token = issuer.token(SCOPE, purposes=[PURPOSE])
    usual = {"authorization": f"Bearer {token}", "sanad-purpose": PURPOSE, "content-type": JSON}
    headers = httpx.Headers({name: value for name, value in {**usual, **stated}.items() if value})
    straight = await ask(client, "/straight", body, headers)
    assert straight[0] == status
    assert straight == await ask(client, "/framework", body, headers)


@pytest.mark.parametrize("route", ["/straight", "/framework"])
async def test_a_body_of_any_depth_is_refused_without_a_fault_of_ours(
    client: httpx.AsyncClient, issuer: Issuer, route: str
) -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    token = issuer.token(SCOPE, purposes=[PURPOSE])
    headers = httpx.Headers(
        {"authorization": f"Bearer {token}", "sanad-purpose": PURPOSE, "content-type": JSON}
    )
    for depth in (500, *range(750, 1_001), 2_000, 3_000):
        body = b'{"note": "a:b", "more": ' + b"[" * depth + b"]" * depth + b"}"
        status, told, _ = await ask(client, route, body, headers)
        assert (status, json.loads(told)["code"]) in (
            (400, "shared.request-malformed"),
            (422, "shared.request-invalid"),
        ), depth


@pytest.mark.parametrize("query", ["?colour=red", "?colour=red&colour=blue"])
async def test_it_takes_no_query_that_it_does_not_know(
    client: httpx.AsyncClient, issuer: Issuer, query: str
) -> None:
    token = issuer.token(SCOPE, purposes=[PURPOSE])
    headers = httpx.Headers(
        {"authorization": f"Bearer {token}", "sanad-purpose": PURPOSE, "content-type": JSON}
    )
    straight = await ask(client, f"/straight{query}", GOOD, headers)
    assert straight[0] == 422
    assert straight == await ask(client, f"/framework{query}", GOOD, headers)


async def test_a_caller_without_its_scope_is_refused(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    token = issuer.token("notes.notes:write", purposes=[PURPOSE])
    headers = httpx.Headers({"authorization": f"Bearer {token}", "sanad-purpose": PURPOSE})
    assert (
        await client.post("/straight", json={"note": "seen"}, headers=headers)
    ).status_code == 403


async def test_it_is_documented_as_the_framework_documents_it(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    straight, framework = paths["/straight"]["post"], paths["/framework"]["post"]
    assert straight.pop("operationId") != framework.pop("operationId")
    assert straight.pop("summary") != framework.pop("summary")
    assert straight == framework


def test_an_endpoint_that_takes_more_is_no_straight_one() -> None:
    async def greet(request: Request) -> Response:
        return Response(request.method)

    with pytest.raises(TypeError, match="takes its body"):
        APIRouter(route_class=StraightRoute).add_api_route("/greeting", greet)


def test_an_endpoint_that_admits_everybody_is_no_straight_one() -> None:
    async def greet(body: Note, principal: str, request: Request) -> Response:
        return Response(f"{body.note} {principal} {request.method}")

    with pytest.raises(TypeError, match="takes its body"):
        APIRouter(route_class=StraightRoute).add_api_route("/greeting", greet)
