"""Messages of the DCI standard, from a partner's question to the callback that answers it."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg.errors import UndefinedTable

from services.registry.domain.dci_signatures import read_signature
from services.registry.domain.policies import Attribute, DciPolicy, SignatureRule
from services.registry.use_cases.dci_answer_later import answer_next_message
from shared.storage.database import Database
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_house import CIVIL, SOCIAL, House, open_house
from tests.services.registry.dci_partner import (
    CLIENT,
    SENDER,
    a_search,
    a_status,
    a_subscription,
    an_unsubscription,
    by_identifier,
)
from tests.services.registry.declaring import a_file, a_household, a_person, an_idcs
from tests.services.registry.partners import agree_on


@pytest.fixture
async def house(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[House]:
    """Return the registry, knowing one household, and a partner."""
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    async with open_house(registry, keys, issuer) as house:
        yield house


async def test_a_search_is_answered_at_once_signed_and_counted(house: House) -> None:
    keys = (await house.client.get("/registry/v1/dci-keys")).json()["keys"]
    search = a_search(by_identifier(an_idcs(1)), by_identifier(an_idcs(9), "r2"))
    response = await house.post("sync/search", search)
    assert response.status_code == 200
    answer = response.json()
    header = answer["header"]
    assert (header["action"], header["status"]) == ("on-search", "succ")
    assert (header["sender_id"], header["receiver_id"]) == ("sanad", SENDER)
    assert answer["message"]["transaction_id"] == "txn-9001"
    found, unknown = answer["message"]["search_response"]
    assert (found["reference_id"], found["status"]) == ("r1", "succ")
    assert len(found["data"]["reg_records"]) == 1
    assert (unknown["status"], unknown["data"]["reg_records"]) == ("succ", [])
    # As a partner verifies it, from the published key alone.
    signature = read_signature(answer["signature"])
    assert signature is not None
    key = next(key for key in keys if key["kid"] == signature.key_id)
    signed = {"header": header, "message": answer["message"]}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"))
    verify(key["x"], signature.value, lines(text, signature.created, signature.expires))
    protected, _, value = response.headers["Signature"].split(".")
    payload = base64.urlsafe_b64encode(response.content).rstrip(b"=").decode()
    verify(key["x"], from_base64url(value), f"{protected}.{payload}".encode())


def lines(text: str, created: int, expires: int) -> bytes:
    """Return what a partner's library signs for a text."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()


def from_base64url(text: str) -> bytes:
    """Return the bytes that a part of a JWS stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(public: str, value: bytes, signed: bytes) -> None:
    """Verify a signature; it raises if it is wrong."""
    Ed25519PublicKey.from_public_bytes(from_base64url(public)).verify(value, signed)


async def test_a_search_is_called_back_under_the_correlation_it_was_acknowledged_with(
    house: House,
) -> None:
    search = a_search(by_identifier(an_idcs(1)), sender_uri=house.machine.uri("on-search"))
    first = (await house.post("search", search)).json()["message"]
    again = (await house.post("search", search)).json()["message"]
    assert (first["ack_status"], again["correlation_id"]) == ("ACK", first["correlation_id"])
    assert house.machine.received == []
    await house.call_back()
    (callback,) = house.machine.received
    assert callback.path == "/registry/on-search"
    said = callback.json["message"]
    assert said["correlation_id"] == first["correlation_id"]
    assert len(said["search_response"][0]["data"]["reg_records"]) == 1


async def test_a_message_sent_twice_at_once_is_one_message(house: House) -> None:
    search = a_search(by_identifier(an_idcs(1)), sender_uri=house.machine.uri("on-search"))
    async with asyncio.TaskGroup() as group:
        posts = [group.create_task(house.post("search", search)) for _ in range(4)]
    names = {post.result().json()["message"]["correlation_id"] for post in posts}
    assert len(names) == await house.kept() == 1


async def test_nothing_a_partner_wrote_stays_in_clear(house: House) -> None:
    idcs = an_idcs(1)
    search = a_search(
        by_identifier(idcs, f"ref-{idcs}"),
        sender_uri=house.machine.uri(f"on-search/{idcs}"),
        message_id=f"message-{idcs}",
    )
    search["message"]["transaction_id"] = f"txn-{idcs}"
    await house.post("search", search)
    await house.call_back()
    for table in ("dci_message", "dci_callback"):
        (row,) = await house.registry.databases.rows(
            f"SELECT {table}::text AS row FROM {table}"  # noqa: S608 -- a name above
        )
        assert idcs not in row["row"]
        assert idcs.encode().hex() not in row["row"]
    (kept,) = await house.registry.databases.rows("SELECT state, request_sealed FROM dci_message")
    assert kept == {"state": "answered", "request_sealed": None}
    (said,) = await house.registry.databases.rows("SELECT state, body_sealed FROM dci_callback")
    assert said == {"state": "delivered", "body_sealed": None}


async def test_a_name_used_for_two_messages_is_refused(house: House) -> None:
    uri = house.machine.uri("on-search")
    first = a_search(by_identifier(an_idcs(1)), sender_uri=uri)
    other = a_search(by_identifier(an_idcs(2)), sender_uri=uri)
    assert (await house.post("sync/search", first)).status_code == 200
    # Asked again, it is answered again; another question under its name is not.
    assert (await house.post("sync/search", first)).status_code == 200
    at_once = await house.post("sync/search", other)
    assert at_once.status_code == 409
    assert at_once.json()["header"]["status_reason_code"] == "rjct.message_id.duplicate"
    later = await house.post("search", other)
    assert (later.status_code, later.json()["message"]["ack_status"]) == (409, "ERR")
    assert await house.kept() == 1
    # Another register is another correspondence.
    assert (await house.post("sync/search", other, register=CIVIL)).status_code == 200


async def test_a_status_tells_what_became_of_a_message_by_each_of_its_names(
    house: House,
) -> None:
    items = [by_identifier(an_idcs(1)), by_identifier(an_idcs(2), "r2", sort="no array")]
    search = a_search(*items, sender_uri=house.machine.uri("on-search"))
    acknowledged = (await house.post("search", search)).json()["message"]
    correlation_id = acknowledged["correlation_id"]

    async def status(attribute: str, value: object, register: str = SOCIAL) -> dict[str, str]:
        question = a_status(attribute, value, message_id=f"{attribute}-{await house.kept()}")
        response = await house.post("sync/txn/status", question, register=register)
        told = response.json()["message"]["txnstatus_response"]["txn_status"]
        return {item["reference_id"]: item["status"] for item in told["search_response"]}

    assert await status("correlation_id", correlation_id) == {"r1": "rcvd", "r2": "rcvd"}
    await house.call_back()
    answered = {"r1": "succ", "r2": "rjct"}
    assert await status("correlation_id", correlation_id) == answered
    assert await status("transaction_id", "txn-9001") == answered
    assert await status("reference_id_list", ["r2"]) == {"r2": "rjct"}
    assert await status("transaction_id", "nobody-knows") == {}
    assert await status("correlation_id", "no-such-name") == {}
    assert await status("transaction_id", "txn-9001", CIVIL) == {}
    await house.registry.databases.rows(
        "UPDATE dci_message SET client = 'somebody-else' WHERE action = 'search'"
        " RETURNING message_key"
    )
    assert await status("correlation_id", correlation_id) == {}


async def test_a_status_is_called_back_too(house: House) -> None:
    await house.post("sync/search", a_search(by_identifier(an_idcs(1))))
    question = a_status("transaction_id", "txn-9001", sender_uri=house.machine.uri("txn/on-status"))
    await house.post("txn/status", question)
    await house.call_back()
    (told,) = house.machine.received
    assert told.path == "/registry/txn/on-status"
    status = told.json["message"]["txnstatus_response"]["txn_status"]
    assert [item["status"] for item in status["search_response"]] == ["succ"]


async def test_one_item_that_means_nothing_leaves_the_others_answered(house: House) -> None:
    idcs = an_idcs(1)
    items = [
        by_identifier(idcs),
        by_identifier(idcs),
        by_identifier(idcs, "r3") | {"timestamp": "2026-11-20T10:00:00"},
        by_identifier(idcs, "r4", pagination={"page_size": 0}),
        by_identifier(idcs, "r5", sort=[{"attribute_name": "x", "sort_order": "up"}]),
    ]
    response = await house.post("sync/search", a_search(*items))
    told = response.json()["message"]["search_response"]
    assert [item.get("status_reason_code", item["status"]) for item in told] == [
        "succ",
        "rjct.reference_id.duplicate",
        "rjct.timestamp.invalid",
        "rjct.pagination.invalid",
        "rjct.sort.invalid",
    ]


async def test_subscriptions_begin_and_end_by_callback(house: House) -> None:
    query = {"type": "UIN", "value": an_idcs(1)}
    wish = a_subscription("REGISTER", query, sender_uri=house.machine.uri("on-subscribe"))
    acknowledged = (await house.post("subscribe", wish)).json()["message"]
    await house.call_back()
    (told,) = house.machine.received
    assert told.path == "/registry/on-subscribe"
    assert told.json["message"]["correlation_id"] == acknowledged["correlation_id"]
    (item,) = told.json["message"]["subscribe_response"]
    assert item["status"] == "succ"
    code = item["subscriptions"][0]["code"]
    end = an_unsubscription(code, "unknown-code", sender_uri=house.machine.uri("on-unsubscribe"))
    await house.post("unsubscribe", end)
    await house.call_back()
    ended = house.machine.received[1].json["message"]
    assert ended["subscription_status"] == [{"code": code, "status": "unsubscribe"}]
    assert ended["status_reason_code"] == "rjct.subscription_code.invalid"


async def bounded(house: House, quota_per_day: int) -> None:
    """Bound the partner's day, and have it subscribe to one person."""
    await agree_on(
        house.registry,
        client=CLIENT,
        told=frozenset(Attribute),
        quota_per_day=quota_per_day,
        dci=DciPolicy(SENDER, ("127.0.0.1",), SignatureRule.OPTIONAL, None),
    )
    house.registry.worker.policies.forget(CLIENT)
    query = {"type": "UIN", "value": an_idcs(1)}
    wish = a_subscription("REGISTER", query, sender_uri=house.machine.uri("on-subscribe"))
    await house.post("subscribe", wish)


async def test_a_worker_with_one_connection_answers_a_subscription(house: House) -> None:
    """It spends the quota before the transaction that it answers in, and not within."""
    await bounded(house, 10)
    one = Database(house.registry.databases.urls.worker, pool_max=1)
    await one.open()
    try:
        using = replace(house.registry.worker, database=one)
        assert await answer_next_message(using=using)
    finally:
        await one.close()
    assert await house.registry.databases.value("SELECT state FROM dci_message") == "answered"


async def test_an_answer_that_could_not_be_kept_takes_nothing_off_the_quota(house: House) -> None:
    await bounded(house, 1)
    databases = house.registry.databases
    async with databases.owner.transaction() as tx:
        await tx.execute("ALTER TABLE dci_callback RENAME TO dci_callback_away")
    with pytest.raises(UndefinedTable):
        await house.call_back()
    async with databases.owner.transaction() as tx:
        await tx.execute("ALTER TABLE dci_callback_away RENAME TO dci_callback")
        await tx.execute("UPDATE dci_message SET claimed_until = NULL")
    await house.call_back()
    (told,) = house.machine.received
    (item,) = told.json["message"]["subscribe_response"]
    assert item["status"] == "succ"


async def test_a_subscription_beyond_the_day_is_refused_at_once(house: House) -> None:
    await bounded(house, 0)
    await house.call_back()
    (told,) = house.machine.received
    assert told.json["header"]["status"] == "rjct"
    assert await house.registry.databases.value("SELECT state FROM dci_message") == "failed"


async def test_a_message_that_cannot_be_answered_is_refused_in_the_end(house: House) -> None:
    search = a_search(by_identifier(an_idcs(1)), sender_uri=house.machine.uri("on-search"))
    await house.post("search", search)
    await house.registry.databases.rows("UPDATE dci_message SET attempts = 5 RETURNING message_key")
    await house.call_back()
    (told,) = house.machine.received
    assert told.json["header"]["status"] == "rjct"
    assert told.json["header"]["status_reason_code"] == "rjct.errors.too_many"
    assert await house.registry.databases.value("SELECT state FROM dci_message") == "failed"
    # One that does not open any more stands in nobody's way.
    await house.post("search", search | {"header": search["header"] | {"message_id": "m2"}})
    await house.registry.databases.rows(
        "UPDATE dci_message SET request_sealed = '\\x00' WHERE state = 'received'"
        " RETURNING message_key"
    )
    await house.call_back()
    states = await house.registry.databases.rows("SELECT state FROM dci_message")
    assert [row["state"] for row in states] == ["failed", "failed"]
    assert len(house.machine.received) == 1
