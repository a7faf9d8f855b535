"""Nothing in a request is read in two ways, and no cursor in another list than its own."""

import gzip
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from shared.kernel.paging import decode_cursor, encode_cursor
from shared.testing.tokens import Issuer
from shared.web.auth import Principal, requires

router = APIRouter(prefix="/notes/v1")
open_router = APIRouter(prefix="/notes/v1/open")


class Note(BaseModel):
    """A note."""

    note: str
    secret: Any = None


@open_router.post("")
async def post_openly(body: Note) -> Note:
    """Return a note to whoever asks."""
    return body


@router.post("/notes")
async def post_note(
    body: Note, _principal: Annotated[Principal, requires("notes.notes:write")]
) -> Note:
    """Return a note."""
    return body


@router.get("/lists/{name}")
async def list_pages(
    name: str,
    _principal: Annotated[Principal, requires("notes.notes:read")],
    colour: str | None = None,
    limit: int = 1,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Tell where a page of a list begins, and give out what the next one is asked with."""
    after = None if cursor is None else decode_cursor(cursor, parts=1)[0]
    asked = {"name": name, "colour": colour, "limit": limit}
    return asked | {"after": after, "next_cursor": encode_cursor("last")}


@router.post("/plain")
async def post_plain(
    request: Request, _principal: Annotated[Principal, requires("notes.notes:write")]
) -> Response:
    """Tell how long a body is, reading it as a stream."""
    return Response(str(sum([len(chunk) async for chunk in request.stream()])))


@pytest.fixture
def routers() -> list[APIRouter]:
    """Return the routers of the little service."""
    return [router, open_router]


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return a problem's status and code."""
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("query", ["colour=red&colour=blue", "colour=red&limit=2&colour=red"])
async def test_a_parameter_is_stated_once(
    client: httpx.AsyncClient, issuer: Issuer, query: str
) -> None:
    headers = issuer.headers("notes.notes:read")
    refused = await client.get(f"/notes/v1/lists/a?{query}", headers=headers)
    assert code_of(refused) == (422, "shared.parameter-repeated")


@pytest.mark.parametrize(
    "body",
    [
        '{"note": "a", "note": "b"}',
        '{"note": "a", "note": "a"}',
        '{"note" :"a", "no\\u0074e": "b"}',
        '{"note": "a", "secret": [{"x": 1, "x": 2}]}',
    ],
)
async def test_a_key_that_is_named_twice_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, body: str
) -> None:
    headers = issuer.headers("notes.notes:write")
    stated = headers | {"Content-Type": "application/json"}
    refused = await client.post("/notes/v1/notes", content=body, headers=stated)
    assert code_of(refused) == (400, "shared.json-key-repeated")
    wide = body.encode("utf-16")
    refused = await client.post("/notes/v1/notes", content=wide, headers=stated)
    assert code_of(refused) == (400, "shared.json-key-repeated")


@pytest.mark.parametrize("secret", ["a:b", [[{"x": 1}, {"x": 2}], 3], {"x": {"x": ":"}}])
async def test_colons_and_keys_of_other_objects_repeat_nothing(
    client: httpx.AsyncClient, issuer: Issuer, secret: object
) -> None:
    headers = issuer.headers("notes.notes:write")
    body = {"note": "a", "secret": secret}
    taken = await client.post("/notes/v1/notes", json=body, headers=headers)
    assert (taken.status_code, taken.json()) == (200, body)


async def test_a_deep_body_is_refused_without_a_fault_of_ours(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("notes.notes:write") | {"Content-Type": "application/json"}
    for depth in (900, 5_000, 100_000):
        body = '{"note": 1, "secret": ' + "[" * depth + "]" * depth + "}"
        refused = await client.post("/notes/v1/notes", content=body, headers=headers)
        assert refused.status_code in {400, 422}


async def test_an_encoded_body_is_refused(client: httpx.AsyncClient, issuer: Issuer) -> None:
    headers = issuer.headers("notes.notes:write")
    packed = gzip.compress(b'{"note": "a"}')
    for encoding in ("gzip", "GZIP", "identity, br"):
        stated = headers | {"Content-Encoding": encoding, "Content-Type": "application/json"}
        refused = await client.post("/notes/v1/plain", content=packed, headers=stated)
        assert code_of(refused) == (415, "shared.content-encoding-unsupported")
    plain = headers | {"Content-Encoding": "identity"}
    taken = await client.post("/notes/v1/plain", content=b"as it is", headers=plain)
    assert taken.text == "8"


@pytest.mark.parametrize("name", ["Authorization", "Sanad-Purpose", "Idempotency-Key"])
async def test_who_asks_and_what_for_is_stated_once(
    client: httpx.AsyncClient, issuer: Issuer, name: str
) -> None:
    once = issuer.headers("notes.notes:write") | {"Sanad-Purpose": "a", "Idempotency-Key": "a"}
    twice = [*once.items(), (name, "b")]
    refused = await client.post("/notes/v1/plain", content=b"a", headers=twice)
    assert code_of(refused) == (400, "shared.header-repeated")
    taken = await client.post("/notes/v1/plain", content=b"a", headers=once)
    assert taken.status_code == 200


async def test_a_cursor_belongs_to_the_list_that_gave_it_out(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("notes.notes:read")

    async def page(list_asked: str, **params: str) -> httpx.Response:
        return await client.get(f"/notes/v1/lists/{list_asked}", params=params, headers=headers)

    cursor = (await page("a", colour="red")).json()["next_cursor"]
    for same in ({"limit": "1"}, {"limit": "2"}):
        following = await page("a", cursor=cursor, colour="red", **same)
        assert following.json()["after"] == "last"
    for list_asked, narrowed in (("b", {"colour": "red"}), ("a", {"colour": "blue"}), ("a", {})):
        refused = await page(list_asked, cursor=cursor, **narrowed)
        assert code_of(refused) == (422, "shared.cursor-malformed")


async def test_a_route_that_admits_everybody_is_as_strict(client: httpx.AsyncClient) -> None:
    stated = {"Content-Type": "application/json"}
    twice = b'{"note": "a", "note": "b"}'
    refused = await client.post("/notes/v1/open", content=twice, headers=stated)
    assert code_of(refused) == (400, "shared.json-key-repeated")
    packed = stated | {"Content-Encoding": "gzip"}
    refused = await client.post("/notes/v1/open", content=b'{"note": "a"}', headers=packed)
    assert code_of(refused) == (415, "shared.content-encoding-unsupported")
    assert (await client.post("/notes/v1/open", json={"note": "a"})).status_code == 200
