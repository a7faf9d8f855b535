"""On the paths of a standard every refusal has the standard's shape, whoever makes it."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Response

from shared.testing.tokens import Issuer
from shared.web.app import BODY_BYTES_MAX
from shared.web.auth import Principal, requires

PLAIN, STANDARD = "/things/v1", "/dci/things/v1"
router = APIRouter()
Reader = Annotated[Principal, requires("things.things:read")]


@router.post(f"{PLAIN}/read")
@router.post(f"{STANDARD}/read")
async def read(_: Reader, body: dict[str, str]) -> dict[str, str]:
    """Answer with what was sent."""
    return body


@router.post(f"{PLAIN}/fault")
@router.post(f"{STANDARD}/fault")
async def fault(_: Reader) -> None:
    """Fail unexpectedly."""
    raise ZeroDivisionError


@router.post(f"{STANDARD}/own")
async def own(_: Reader) -> Response:
    """Refuse in the route's own words."""
    return Response('{"errors": [], "message": {}}', status_code=404, media_type="application/json")


@pytest.fixture
def routers() -> list[APIRouter]:
    """Return the routers of a service that speaks both ways."""
    return [router]


@pytest.fixture
def client(client: httpx.AsyncClient, issuer: Issuer) -> httpx.AsyncClient:
    """Return a client that may read."""
    client.headers.update(issuer.headers("things.things:read"))
    return client


# What is wrong, the status, and the code that the standard has for it.
REFUSALS = [
    ({"url": "/read", "json": {"a": "b"}, "headers": {"Authorization": ""}}, 401, "unauthorized"),
    ({"url": "/nowhere"}, 404, "not_found"),
    ({"url": "/read", "method": "GET"}, 405, "bad"),
    ({"url": "/read", "content": b"x" * (BODY_BYTES_MAX + 1)}, 413, "bad"),
    ({"url": "/read", "json": {"a": 1}}, 422, "bad"),
]


@pytest.mark.parametrize(("request_", "status", "code"), REFUSALS)
async def test_a_refusal_is_worded_as_its_path_has_it(
    client: httpx.AsyncClient, request_: dict[str, str], status: int, code: str
) -> None:
    asked = {"method": "POST"} | request_
    url = asked.pop("url")
    plain = await client.request(url=PLAIN + url, **asked)  # type: ignore[arg-type] # httpx's own
    refused = await client.request(url=STANDARD + url, **asked)  # type: ignore[arg-type] # the same
    assert plain.headers["content-type"] == "application/problem+json"
    assert refused.headers["content-type"] == "application/json"
    assert plain.status_code == refused.status_code == status
    (error,) = refused.json()["errors"]
    assert error == {"code": f"err.request.{code}", "message": plain.json()["detail"]}
    assert int(refused.headers["content-length"]) == len(refused.content)
    of_the_body = {"content-length", "content-type", "x-request-id"}
    assert set(refused.headers) == set(plain.headers)
    for name in set(plain.headers) - of_the_body:
        assert refused.headers[name] == plain.headers[name]


async def test_a_fault_of_ours_is_worded_so_too(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{PLAIN}/fault")).json()["code"] == "shared.unexpected"
    failed = await client.post(f"{STANDARD}/fault")
    assert (failed.status_code, failed.json()["errors"][0]["code"]) == (
        500,
        "err.service.unavailable",
    )


async def test_what_a_route_words_itself_is_left_alone(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"{STANDARD}/own")).json() == {"errors": [], "message": {}}
    answer = await client.post(f"{STANDARD}/read", json={"a": "b"})
    assert answer.json() == {"a": "b"}
