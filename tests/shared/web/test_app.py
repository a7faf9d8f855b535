"""What every application does: identity, problems, idempotency, health, measures."""

import asyncio
import base64
import json
import time
from typing import Annotated, Any, ClassVar

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from pydantic import BaseModel, Field
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.kernel.errors import DomainError, ErrorKind
from shared.testing.databases import ServiceDatabases
from shared.testing.tokens import AUDIENCE, ISSUER, Issuer
from shared.web.auth import Principal, requires
from shared.web.idempotency import Idempotent
from shared.web.problems import problems

router = APIRouter(prefix="/things/v1")


class Thing(BaseModel):
    """A thing."""

    note: str = Field(max_length=10)
    secret: str | None = None


class BrokenThingError(DomainError):
    """The thing is broken."""

    code: ClassVar[str] = "things.broken"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


@router.get("/things", responses=problems(BrokenThingError))
async def list_things(
    principal: Annotated[Principal, requires("things.things:read")], colour: str | None = None
) -> dict[str, Any]:
    """List things."""
    if colour == "broken":
        message = "The thing is broken."
        raise BrokenThingError(message)
    return {"subject": principal.subject, "regions": principal.regions, "colour": colour}


@router.get("/people")
async def list_people(
    principal: Annotated[Principal, requires("things.people:read", purpose=True)],
) -> dict[str, Any]:
    """List people, for a purpose."""
    return {"purpose": principal.purpose}


@router.post("/things")
async def post_thing(
    body: Thing,
    call: Idempotent,
    request: Request,
    _principal: Annotated[Principal, requires("things.things:write")],
) -> Response:
    """Add a thing once."""
    database = request.app.state.database

    async def add() -> Thing:
        request.app.state.added.append(body.note)
        await asyncio.sleep(0.05)
        return body

    async with database.transaction() as tx:
        return await call.once(tx, add, status=201)


@router.get("/fault")
async def fault(_principal: Annotated[Principal, requires("things.things:read")]) -> None:
    """Fail unexpectedly."""
    raise ZeroDivisionError


@pytest.fixture
def routers() -> list[APIRouter]:
    """Return the routers of the little service."""
    return [router]


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Return a problem's status and code."""
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


async def test_a_caller_with_the_scope_is_admitted(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.things:read", subject="a-client", regions=["04"])
    response = await client.get("/things/v1/things", headers=headers)
    assert response.json() == {"subject": "a-client", "regions": ["04"], "colour": None}


async def test_a_caller_without_token_or_scope_is_refused(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert code_of(await client.get("/things/v1/things")) == (401, "shared.token-invalid")
    other = issuer.headers("things.other:read")
    refused = await client.get("/things/v1/things", headers=other)
    assert code_of(refused) == (403, "shared.scope-missing")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://another.test"},
        {"aud": "another"},
        {"exp": int(time.time()) - 3600},  # noqa: TID251 -- tokens expire by real time
        {"exp": None},
    ],
)
async def test_a_token_for_somebody_else_or_of_yesterday_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, claims: dict[str, Any]
) -> None:
    token = issuer.token("things.things:read", **claims)
    headers = {"Authorization": f"Bearer {token}"}
    refused = await client.get("/things/v1/things", headers=headers)
    assert code_of(refused) == (401, "shared.token-invalid")


async def test_a_token_signed_by_another_key_or_none_is_refused(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "scope": "things.things:read"}
    claims["exp"] = str(2**40)
    stranger = ECKey.generate_key("P-256", auto_kid=True)
    header = {"alg": "ES256", "typ": "at+jwt", "kid": stranger.kid}
    shared_secret = OctKey.generate_key(256)
    forged = [
        jwt.encode(header, claims, stranger),
        jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, shared_secret),
        issuer.token("things.things:read").rsplit(".", 1)[0] + ".",
        "not.a.token",
    ]
    for token in forged:
        headers = {"Authorization": f"Bearer {token}"}
        refused = await client.get("/things/v1/things", headers=headers)
        assert code_of(refused) == (401, "shared.token-invalid")


async def test_a_token_whose_header_is_of_any_depth_is_refused(client: httpx.AsyncClient) -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    for depth in (500, *range(750, 1_001), 3_000):
        header = '{"alg":"ES256","deep":' + "[" * depth + "]" * depth + "}"
        encoded = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
        stated = {"Authorization": f"Bearer {encoded}.e30.c2ln"}
        refused = await client.get("/things/v1/things", headers=stated)
        assert code_of(refused) == (401, "shared.token-invalid"), depth


async def test_looking_at_people_needs_a_registered_purpose(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.people:read")
    assert (await client.get("/things/v1/people", headers=headers)).json() == {
        "purpose": "identity-verification"
    }
    for purpose in (None, "curiosity"):
        stated = {"Authorization": headers["Authorization"]}
        if purpose is not None:
            stated["Sanad-Purpose"] = purpose
        refused = await client.get("/things/v1/people", headers=stated)
        assert code_of(refused) == (403, "shared.purpose-missing")


async def test_an_unknown_parameter_is_refused_never_ignored(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.things:read")
    known = await client.get("/things/v1/things?colour=red", headers=headers)
    assert known.json()["colour"] == "red"
    refused = await client.get("/things/v1/things?color=red", headers=headers)
    assert code_of(refused) == (422, "shared.parameter-unknown")


async def test_a_refusal_is_a_problem_with_its_code(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.things:read")
    broken = await client.get("/things/v1/things?colour=broken", headers=headers)
    assert code_of(broken) == (409, "things.broken")
    assert code_of(await client.get("/nowhere", headers=headers)) == (404, "shared.not-found")
    fault = await client.get("/things/v1/fault", headers=headers)
    assert code_of(fault) == (500, "shared.unexpected")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, "shared.json-malformed")),
        (b'{"note": "planted-value-too-long"}', (422, "shared.request-invalid")),
        (b'{"note": ["planted-value"]}', (422, "shared.request-invalid")),
        (b"x" * (1024 * 1024 + 1), (413, "shared.body-too-large")),
    ],
)
async def test_a_bad_body_is_refused_without_repeating_it(
    client: httpx.AsyncClient, issuer: Issuer, body: bytes, expected: tuple[int, str]
) -> None:
    headers = issuer.headers("things.things:write")
    headers |= {"Idempotency-Key": "k", "Content-Type": "application/json"}
    response = await client.post("/things/v1/things", content=body, headers=headers)
    assert code_of(response) == expected
    assert "planted" not in response.text


async def test_equal_requests_at_once_act_once_and_get_one_answer(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.things:write") | {"Idempotency-Key": '"same"'}
    async with asyncio.TaskGroup() as group:
        calls = [
            group.create_task(
                client.post("/things/v1/things", json={"note": "one"}, headers=headers)
            )
            for _ in range(6)
        ]
    answers = {(call.result().status_code, call.result().text) for call in calls}
    assert answers == {(201, '{"note":"one","secret":null}')}
    assert client.app.state.added == ["one"]  # type: ignore[attr-defined]


async def test_a_key_used_for_another_request_is_refused(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    headers = issuer.headers("things.things:write") | {"Idempotency-Key": "same"}
    await client.post("/things/v1/things", json={"note": "one"}, headers=headers)
    other = await client.post("/things/v1/things", json={"note": "two"}, headers=headers)
    assert code_of(other) == (422, "shared.idempotency-key-reused")
    del headers["Idempotency-Key"]
    missing = await client.post("/things/v1/things", json={"note": "two"}, headers=headers)
    assert code_of(missing) == (400, "shared.idempotency-key-missing")
    assert client.app.state.added == ["one"]  # type: ignore[attr-defined]


async def test_an_answer_is_kept_sealed_and_told_again(
    client: httpx.AsyncClient, issuer: Issuer, things: ServiceDatabases
) -> None:
    planted = "2123456782"
    headers = issuer.headers("things.things:write") | {"Idempotency-Key": "k"}

    async def post() -> httpx.Response:
        return await client.post("/things/v1/things", json={"note": planted}, headers=headers)

    first, again = await post(), await post()
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert planted in again.text
    (kept,) = await things.rows("SELECT * FROM idempotency_key")
    assert planted.encode() not in b"".join(v for v in kept.values() if isinstance(v, bytes))
    (text,) = await things.rows("SELECT kept::text AS row FROM idempotency_key AS kept")
    assert planted.encode().hex() not in text["row"]
    assert planted not in text["row"]


async def test_an_answer_that_was_kept_before_answers_were_sealed_is_told_again(
    client: httpx.AsyncClient, issuer: Issuer, things: ServiceDatabases
) -> None:
    headers = issuer.headers("things.things:write") | {"Idempotency-Key": "k"}
    await client.post("/things/v1/things", json={"note": "one"}, headers=headers)
    async with things.owner.transaction() as tx:
        await tx.execute(
            "UPDATE idempotency_key SET body = %s, answer_id = NULL, body_sealed = NULL",
            (b'{"note":"as before"}',),
        )
    again = await client.post("/things/v1/things", json={"note": "one"}, headers=headers)
    assert (again.status_code, again.json()) == (201, {"note": "as before"})


async def test_a_kept_answer_does_not_open_in_another_row(
    client: httpx.AsyncClient, issuer: Issuer, things: ServiceDatabases
) -> None:
    headers = issuer.headers("things.things:write")
    for key in ("one", "two"):
        await client.post(
            "/things/v1/things", json={"note": key}, headers=headers | {"Idempotency-Key": key}
        )
    async with things.owner.transaction() as tx:
        await tx.execute(
            "UPDATE idempotency_key AS kept SET body_sealed = other.body_sealed"
            " FROM idempotency_key AS other WHERE kept.key = 'one' AND other.key = 'two'"
        )
    moved = await client.post(
        "/things/v1/things", json={"note": "one"}, headers=headers | {"Idempotency-Key": "one"}
    )
    assert code_of(moved) == (500, "shared.unexpected")


async def test_keys_of_two_clients_do_not_meet(client: httpx.AsyncClient, issuer: Issuer) -> None:
    for subject in ("first", "second"):
        headers = issuer.headers("things.things:write", subject=subject)
        answer = await client.post(
            "/things/v1/things",
            json={"note": subject},
            headers=headers | {"Idempotency-Key": "same"},
        )
        assert answer.json()["note"] == subject


async def test_health_and_measures_need_no_token_and_name_routes_not_paths(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    await client.get("/things/v1/things", headers=issuer.headers("things.things:read"))
    measures = (await client.get("/metrics")).text
    assert 'route="/things/v1/things"' in measures
    assert "http_server_request_duration_seconds_count" in measures


async def test_readiness_fails_while_storage_is_away_and_liveness_does_not(
    client: httpx.AsyncClient, things: ServiceDatabases
) -> None:
    await things.api.close()
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_the_document_says_which_scope_each_route_asks_for(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    listing = document["paths"]["/things/v1/things"]["get"]
    assert listing["security"] == [{"oauth2": ["things.things:read"]}]
    assert listing["operationId"] == "list_things"
    assert {"400", "401", "403", "409", "422", "429", "503"} <= set(listing["responses"])
    content = listing["responses"]["409"]["content"]
    assert content["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert "Problem" in json.dumps(document["components"]["schemas"])


async def test_every_answer_carries_the_callers_request_id_or_a_new_one(
    client: httpx.AsyncClient,
) -> None:
    given = await client.get("/healthz", headers={"X-Request-Id": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    made = await client.get("/healthz", headers={"X-Request-Id": "<script>"})
    assert len(made.headers["x-request-id"]) == 36


async def test_the_log_line_of_a_request_carries_its_id(client: httpx.AsyncClient) -> None:
    with capture_logs(processors=[merge_contextvars]) as lines:
        await client.get("/things/v1/things", headers={"X-Request-Id": "abc-2"})
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["request_id"], line["status"]) == ("abc-2", 401)
