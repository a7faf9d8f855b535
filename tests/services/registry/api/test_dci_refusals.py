"""Messages that the registers do not take: refused in the standard's own shape, nothing kept."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.registry.domain.policies import SignatureRule
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_house import House, open_house
from tests.services.registry.dci_partner import (
    Signer,
    a_search,
    agree,
    by_identifier,
    envelope,
)
from tests.services.registry.declaring import an_idcs

IDCS = an_idcs(1)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def house(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[House]:
    """Return a registry that knows nobody, and a partner."""
    async with open_house(registry, keys, issuer) as house:
        yield house


def search(**header: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a search for one person."""
    return a_search(by_identifier(IDCS), **header)


ITEM = "message.search_request.0"
PARTS = (
    "header",
    "message",
    "header.message_id",
    "header.message_ts",
    "header.action",
    "header.sender_id",
    "header.total_count",
    "message.transaction_id",
    "message.search_request",
    f"{ITEM}.reference_id",
    f"{ITEM}.timestamp",
    f"{ITEM}.search_criteria",
    f"{ITEM}.search_criteria.query_type",
    f"{ITEM}.search_criteria.query",
)


def without(part: str) -> dict[str, Any]:
    """Return a search message that lacks a part."""
    message = search()
    *way, last = part.split(".")
    place: Any = message
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    del place[last]
    return message


async def test_a_message_that_lacks_a_part_is_refused_and_leaves_nothing(house: House) -> None:
    for part in PARTS:
        response = await house.post("sync/search", without(part))
        assert response.status_code == 400, part
        answer = response.json()
        assert answer["header"]["status"] == "rjct"
        assert answer["errors"][0]["code"] == "err.request.bad"
    assert await house.kept() == 0


HEADERS: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"action": "subscribe"}, 400, "err.request.bad", "rjct.action.invalid"),
    ({"message_ts": "yesterday"}, 400, "err.request.bad", "rjct.message_ts.invalid"),
    ({"message_ts": "2026-11-20T10:00:00"}, 400, "err.request.bad", "rjct.message_ts.invalid"),
    ({"total_count": 2}, 400, "err.request.bad", "rjct.total_count.invalid"),
    ({"total_count": "many"}, 400, "err.request.bad", "rjct.total_count.invalid"),
    ({"version": "2.0.0"}, 400, "err.version.not_supported", "rjct.version.invalid"),
    ({"is_msg_encrypted": True}, 400, "err.encryption.invalid", None),
    ({"receiver_id": "somebody"}, 400, "err.receiver_id.invalid", None),
    ({"sender_id": "somebody"}, 403, "err.sender_id.invalid", None),
]


async def test_a_header_that_means_something_else_is_refused_in_the_standards_codes(
    house: House,
) -> None:
    for header, status, code, reason in HEADERS:
        response = await house.post("sync/search", search(**header))
        answer = response.json()
        assert (response.status_code, answer["errors"][0]["code"]) == (status, code), header
        assert answer["header"].get("status_reason_code") == reason
    assert await house.kept() == 0


async def test_what_samples_write_otherwise_is_understood(house: House) -> None:
    message = search(total_count="1", sender_uri="", receiver_id="", version="")
    message["message"]["search_request"][0]["locale"] = "EN/GB"
    message["signature"] = "signature of the message"
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = await house.post("sync/search", content=json.dumps(message), headers=headers)
    assert response.status_code == 200


NO_MESSAGES = (
    b"",
    b"[]",
    b"null",
    b"{",
    b'{"header": 1}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"header": {}, "message": ' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}",
    b'{"header": {}, "header": {}, "message": {}}',
    b'{"header": {"message_id": "\\u0000"}, "message": {}}',
    b'{"header": {"message_id": "\\ud800"}, "message": {}}',
    b'{"header": {"total_count": 1e999999999}, "message": {}}',
    b'{"header": {"total_count": 0e999999999}, "message": {}}',
    b'{"header": {"total_count": NaN}, "message": {}}',
    b'{"header": {"total_count": ' + b"9" * 5_000 + b'}, "message": {}}',
)


async def test_what_is_no_message_is_refused_in_the_standards_shape(house: House) -> None:
    for path in ("search", "sync/search"):
        for body in NO_MESSAGES:
            response = await house.post(path, content=body, headers=JSON)
            assert response.status_code == 400, body[:80]
            assert response.json()["errors"][0]["code"] == "err.request.bad"
    assert await house.kept() == 0


async def test_a_message_of_any_depth_is_refused_in_the_standards_shape(house: House) -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    for depth in (500, *range(750, 1_001), 3_000):
        nested = b"[" * depth + b"]" * depth
        body = b'{"header": {"action": "a:b"}, "message": ' + nested + b"}"
        response = await house.post("search", content=body, headers=JSON)
        assert response.status_code == 400, depth
        assert response.json()["errors"][0]["code"] == "err.request.bad"


async def test_too_many_items_and_none_are_refused(house: House) -> None:
    items = [by_identifier(IDCS, f"r{number}") for number in range(101)]
    many = await house.post("sync/search", a_search(*items))
    assert many.status_code == 400
    assert many.json()["header"]["status_reason_code"] == "rjct.total_count.limit_exceeded"
    empty = envelope("search", {"transaction_id": "t", "search_request": []}, total_count=0)
    assert (await house.post("sync/search", empty)).status_code == 400


async def test_who_may_not_call_is_told_so_in_the_standards_shape(house: House) -> None:
    nobody = await house.post("sync/search", search(), headers={"Authorization": ""})
    assert nobody.status_code == 401
    assert nobody.json()["errors"][0]["code"] == "err.request.unauthorized"
    other = house.issuer.headers("registry.civil:search")
    refused = await house.post("sync/search", search(), headers=other)
    aimless = await house.post("sync/search", search(), headers={"Sanad-Purpose": ""})
    purposes = house.issuer.headers(
        "registry.social:search", purposes=["identity-verification", "another"]
    )
    unagreed = await house.post(
        "sync/search", search(), headers=purposes | {"Sanad-Purpose": "another"}
    )
    stranger = house.issuer.headers("registry.social:search", subject="a-stranger")
    unknown = await house.post("sync/search", search(), headers=stranger)
    for response in (refused, aimless, unagreed, unknown):
        assert response.status_code == 403
        assert response.json()["errors"][0]["code"] == "err.request.forbidden"
    assert await house.kept() == 0


async def test_another_media_type_and_unknown_parameters_are_refused(house: House) -> None:
    plain = await house.post("search", content=b"a=b", headers={"Content-Type": "text/plain"})
    assert (plain.status_code, plain.json()["message"]["ack_status"]) == (415, "ERR")
    misspelt = await house.post("search?page=1", search())
    assert (misspelt.status_code, misspelt.json()["message"]["ack_status"]) == (400, "ERR")


URIS = (
    None,
    "",
    "http://127.0.0.2/on-search",
    "http://127.0.0.1.example.ma/on-search",
    "http://127.0.0.1@example.ma/on-search",
    "http://user:word@127.0.0.1/on-search",
    "ftp://127.0.0.1/on-search",
    "http://127.0.0.1:99999/on-search",
    "http://127.0.0.1/on search",
    "http://127.0.0.1/on-search#part",
    "http://127.0.0.1\\@example.ma/",
    # Agreed, but the way there would not be encrypted.
    "http://asd.example.ma/on-search",
    "//127.0.0.1/on-search",
    "not an address",
    "http://[::1/on-search",
)


async def test_callbacks_go_to_agreed_hosts_only(house: House) -> None:
    await agree(house.registry.api, hosts=("127.0.0.1", "asd.example.ma"), version=1)
    for uri in URIS:
        message = search() if uri is None else search(sender_uri=uri)
        response = await house.post("search", message)
        acknowledged = response.json()["message"]
        assert (response.status_code, acknowledged["ack_status"]) == (400, "ERR"), uri
        assert acknowledged["error"]["code"] == "err.sender_uri.invalid"
    assert await house.kept() == 0
    right = search(sender_uri="https://asd.example.ma/a?b=c")
    assert (await house.post("search", right)).json()["message"]["ack_status"] == "ACK"


async def test_no_refusal_repeats_what_was_sent(house: House) -> None:
    for name in ("message_id", "sender_id", "receiver_id", "action", "version", "message_ts"):
        message = a_search(by_identifier(IDCS, IDCS), **{name: f"planted-{IDCS}"})
        message["message"]["search_request"].append(by_identifier(IDCS, IDCS))
        response = await house.post("sync/search", message)
        assert response.status_code in (400, 403)
        assert IDCS not in response.text


async def test_a_signature_over_any_text_in_use_is_accepted(house: House) -> None:
    signer = Signer()
    required = SignatureRule.REQUIRED
    await agree(house.registry.api, signature=required, jwks=signer.jwks, version=1)
    message = search(meta={"name": "زهرة", "rate": 9.1, "least": 1e-7, "most": 1e16, "one": 1.0})
    signed = {"header": message["header"], "message": message["message"]}
    python = json.dumps(signed, sort_keys=True, separators=(",", ":"))
    javascript = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for wrote, writes in (("1e-07", "1e-7"), ("1e+16", "10000000000000000"), ("1.0,", "1,")):
        javascript = javascript.replace(f":{wrote}", f":{writes}")
    assert python != javascript
    for prefix in ("", "SHA-256="):
        signer.prefix = prefix
        for written in (python, javascript):
            response = await house.post("sync/search", signer.sign(message, written=written))
            assert response.status_code == 200, written


async def test_a_signature_of_the_bytes_in_the_http_header_is_accepted(house: House) -> None:
    signer = Signer()
    required = SignatureRule.REQUIRED
    await agree(house.registry.api, signature=required, jwks=signer.jwks, version=1)
    body = json.dumps(search()).encode()
    headers = JSON | {"Signature": signer.detached(body)}
    assert (await house.post("sync/search", content=body, headers=headers)).status_code == 200
    other = json.dumps(search(message_id="m2")).encode()
    response = await house.post("sync/search", content=other, headers=headers)
    assert response.status_code == 401
    assert response.json()["errors"][0]["code"] == "err.signature.invalid"


async def test_a_signature_whose_header_is_of_any_depth_is_refused(house: House) -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    signer = Signer()
    await agree(house.registry.api, jwks=signer.jwks, version=1)
    body = json.dumps(search()).encode()
    _, _, value = signer.detached(body).split(".")
    for depth in (500, *range(750, 1_001), 3_000):
        header = '{"alg":"Ed25519","kid":"key-1","deep":' + "[" * depth + "]" * depth + "}"
        encoded = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
        stated = JSON | {"Signature": f"{encoded}..{value}"}
        response = await house.post("sync/search", content=body, headers=stated)
        assert response.status_code == 401, depth
        assert response.json()["errors"][0]["code"] == "err.signature.invalid"


def forgeries(signer: Signer) -> dict[str, tuple[dict[str, Any], str]]:
    """Return messages whose signature is wrong, each in one way, and the code of each."""
    changed, renamed = signer.sign(search()), signer.sign(search())
    changed["message"] = changed["message"] | {"transaction_id": "another"}
    renamed["header"] = renamed["header"] | {"message_id": "another"}
    invalid = "err.signature.invalid"
    impostor = Signer(private=signer.private, key_id="somebody|key-1|ed25519")
    return {
        "none": (search(), "err.signature.missing"),
        "placeholder": (search() | {"signature": "signed"}, "err.signature.missing"),
        "another key": (Signer().sign(search()), invalid),
        "another name": (impostor.sign(search()), invalid),
        "old": (signer.sign(search(), created=1_600_000_000), invalid),
        "not yet": (signer.sign(search(), created=4_000_000_000), invalid),
        "message altered": (changed, invalid),
        "header altered": (renamed, invalid),
    }


async def test_a_sender_that_agreed_to_sign_is_held_to_it(house: House) -> None:
    signer = Signer()
    required = SignatureRule.REQUIRED
    await agree(house.registry.api, signature=required, jwks=signer.jwks, version=1)
    for kind, (message, code) in forgeries(signer).items():
        response = await house.post("sync/search", message)
        assert response.status_code == 401, kind
        assert response.json()["errors"][0]["code"] == code, kind
    assert await house.kept() == 0


async def test_a_signature_that_nobody_asked_for_must_still_be_right(house: House) -> None:
    signer = Signer()
    await agree(house.registry.api, jwks=signer.jwks, version=1)
    assert (await house.post("sync/search", search())).status_code == 200
    forged = Signer().sign(search(message_id="m2"))
    assert (await house.post("sync/search", forged)).status_code == 401


async def test_a_signature_that_no_agreed_key_can_verify_is_refused(house: House) -> None:
    signer = Signer()
    body = json.dumps(search(message_id="m2")).encode()
    headers = JSON | {"Signature": signer.detached(body)}
    refused = [
        await house.post("sync/search", signer.sign(search())),
        await house.post("sync/search", content=body, headers=headers),
    ]
    for response in refused:
        assert response.status_code == 401
        assert response.json()["errors"][0]["code"] == "err.signature.invalid"
    assert await house.kept() == 0


@pytest.mark.parametrize("score", ["1e-999999", "1e-16384", "1_0", "١٢", "1.00000000001"])
async def test_a_score_that_is_none_is_refused_in_every_exchange(house: House, score: str) -> None:
    message = search()
    (item,) = message["message"]["search_request"]
    criteria = item["search_criteria"]
    criteria["query_type"], criteria["query"] = "expression", {"poverty_score": {"$lt": score}}
    answer = (await house.post("sync/search", message)).json()
    (response,) = answer["message"]["search_response"]
    assert response["status_reason_code"] == "rjct.filter.invalid"
