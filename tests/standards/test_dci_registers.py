"""Every answer and callback of the registers, held against the documents of the DCI standard."""

from typing import Any

import httpx
import pytest

from services.registry.domain.dci_contract import Notification, Register
from services.registry.domain.policies import SignatureRule
from services.registry.use_cases.dci_queue_notifications import queue_notifications
from shared.runtime.ids import new_id
from shared.web.app import BODY_BYTES_MAX
from tests.services.registry.dci_house import CIVIL, SOCIAL, House
from tests.services.registry.dci_partner import (
    CLIENT,
    SENDER,
    Signer,
    a_search,
    a_status,
    a_subscription,
    agree,
    an_unsubscription,
    by_identifier,
)
from tests.services.registry.declaring import an_idcs
from tests.standards.documents import StandardDocument, read_document

DOCUMENTS = {SOCIAL: "social_api_v1.0.0.yaml", CIVIL: "crvs_api_v1.0.0.yaml"}
EVENTS = {SOCIAL: "REGISTER", CIVIL: "spdci-common:RegistryEventType:Death"}


@pytest.fixture(params=list(DOCUMENTS))
def register(request: pytest.FixtureRequest) -> str:
    """Return one of the registers."""
    return str(request.param)


@pytest.fixture
def document(register: str) -> StandardDocument:
    """Return the document of the register."""
    return read_document(DOCUMENTS[register])


def test_the_documents_can_find_a_fault() -> None:
    document = read_document(DOCUMENTS[SOCIAL])
    wrong = {"message": {"ack_status": "YES", "timestamp": "now", "correlation_id": "c"}}
    assert len(document.faults_of_answer("/registry/search", 200, wrong)) == 2
    assert document.faults_of_request("/registry/notify", {"header": {"action": "notify"}})


def queries(register: str) -> list[dict[str, Any]]:
    """Return a search item of each kind, one that finds nobody and some that are refused."""
    region = "region_code"
    simple = {"attribute_name": region, "operator": "eq", "attribute_value": "01"}
    predicate = {"seq_num": 1, "expression1": simple}
    misnamed = predicate | {"expression1": simple | {"attribute_name": "no_such"}}
    entity = {"response_entity": "Member"} if register == SOCIAL else {}
    expression = {
        "type": "ns:org:QueryType:expression",
        "value": {"expression": {"query": {"$and": [{region: {"$eq": "01"}}]}}},
    }
    page = {"pagination": {"page_size": 1, "page_number": 1}}
    return [
        by_identifier(an_idcs(1), "found"),
        by_identifier(an_idcs(1), "member", **entity),
        by_identifier(an_idcs(9), "unknown"),
        by_identifier("", "predicate", query_type="predicate", query=[predicate]),
        by_identifier("", "expression", query_type="expression", query=expression, **page),
        by_identifier(an_idcs(1), "sorted wrongly", sort=[{"attribute_name": "no_such"}]),
        by_identifier(an_idcs(1), "too wide", pagination={"page_size": 1_000_000}),
        by_identifier("", "attribute unknown", query_type="predicate", query=[misnamed]),
    ]


async def test_a_search_that_waits_is_answered_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    search = a_search(*queries(register))
    assert document.faults_of_request("/registry/sync/search", search) == []
    response = await house.post("sync/search", search, register=register)
    assert response.status_code == 200
    answer = response.json()
    assert document.faults_of_answer("/registry/sync/search", 200, answer) == []
    told = {item["reference_id"]: item for item in answer["message"]["search_response"]}
    for name in ("found", "predicate", "expression"):
        assert told[name]["data"]["reg_records"], name
    assert told["unknown"]["data"]["reg_records"] == []
    for name in ("sorted wrongly", "too wide", "attribute unknown"):
        assert told[name]["status"] == "rjct"


async def test_a_search_is_acknowledged_and_called_back_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    search = a_search(*queries(register), sender_uri=house.machine.uri("on-search"))
    response = await house.post("search", search, register=register)
    assert document.faults_of_answer("/registry/search", 200, response.json()) == []
    await house.call_back()
    called_back(house, "/registry/on-search", document)


async def test_subscriptions_are_answered_and_ended_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    by_person = {"type": "UIN", "value": an_idcs(1)}
    wish = a_subscription(EVENTS[register], by_person, sender_uri=house.machine.uri("on-subscribe"))
    refused = wish["message"]["subscribe_request"][0] | {"reference_id": "r2"}
    refused["subscribe_criteria"] = refused["subscribe_criteria"] | {"reg_event_type": "no-such"}
    wish["message"]["subscribe_request"].append(refused)
    wish["header"]["total_count"] = 2
    response = await house.post("subscribe", wish, register=register)
    assert document.faults_of_answer("/registry/subscribe", 200, response.json()) == []
    await house.call_back()
    told = called_back(house, "/registry/on-subscribe", document)["subscribe_response"]
    assert [item["status"] for item in told] == ["succ", "rjct"]
    code = told[0]["subscriptions"][0]["code"]
    end = an_unsubscription(code, "no-such", sender_uri=house.machine.uri("on-unsubscribe"))
    assert document.faults_of_request("/registry/unsubscribe", end) == []
    response = await house.post("unsubscribe", end, register=register)
    assert document.faults_of_answer("/registry/unsubscribe", 200, response.json()) == []
    await house.call_back()
    called_back(house, "/registry/on-unsubscribe", document)
    question = a_status("reference_id_list", ["r1", "r2"], txn_type="subscribe")
    response = await house.post("sync/txn/status", question, register=register)
    assert document.faults_of_answer("/registry/sync/txn/status", 200, response.json()) == []


async def test_a_status_is_told_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    await house.post("sync/search", a_search(*queries(register)), register=register)
    values = {"transaction_id": "txn-9001", "reference_id_list": ["found"], "correlation_id": "?"}
    own, other = ("receipt", "unsubscribe")[:: 1 if register == SOCIAL else -1]
    for kind in ("search", "subscribe", own):
        for attribute, value in values.items():
            name = {"message_id": f"{kind}-{attribute}"}
            question = a_status(attribute, value, txn_type=kind, **name)
            assert document.faults_of_request("/registry/sync/txn/status", question) == []
            answer = await house.post("sync/txn/status", question, register=register)
            faults = document.faults_of_answer(
                "/registry/sync/txn/status", answer.status_code, answer.json()
            )
            assert faults == []
    unknown = a_status("transaction_id", "txn-9001", txn_type=other, message_id="m9")
    assert document.faults_of_request("/registry/sync/txn/status", unknown)
    response = await house.post("sync/txn/status", unknown, register=register)
    assert response.status_code == 400
    uri = house.machine.uri("txn/on-status")
    later = a_status("transaction_id", "txn-9001", sender_uri=uri)
    response = await house.post("txn/status", later, register=register)
    assert document.faults_of_answer("/registry/txn/status", 200, response.json()) == []
    await house.call_back()
    called_back(house, "/registry/txn/on-status", document)


async def test_what_could_not_be_answered_is_called_back_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    uri = house.machine.uri
    messages = {
        "on-search": ("search", a_search(by_identifier(an_idcs(1)), sender_uri=uri("on-search"))),
        "on-subscribe": (
            "subscribe",
            a_subscription(EVENTS[register], {}, sender_uri=uri("on-subscribe")),
        ),
        "on-unsubscribe": (
            "unsubscribe",
            an_unsubscription("a-code", sender_uri=uri("on-unsubscribe")),
        ),
        "txn/on-status": (
            "txn/status",
            a_status("transaction_id", "t", sender_uri=uri("txn/on-status")),
        ),
    }
    for path, message in messages.values():
        await house.post(path, message, register=register)
    await house.registry.databases.rows("UPDATE dci_message SET attempts = 9 RETURNING client")
    await house.call_back()
    assert {received.path for received in house.machine.received} == {
        f"/registry/{name}" for name in messages
    }
    for received in house.machine.received:
        assert received.json["header"]["status"] == "rjct"
        assert document.faults_of_request(received.path, received.json) == []


async def test_an_event_is_notified_as_the_standard_says(
    house: House, register: str, document: StandardDocument
) -> None:
    event = {SOCIAL: "NewHouseHoldMember", CIVIL: "spdci-common:RegistryEventType:LiveBirth"}
    notifications = [
        Notification(
            notification_id=new_id(),
            register=Register(register),
            client=CLIENT,
            sender_id=SENDER,
            notify_uri=house.machine.uri("notify"),
            event_type=event[register],
            reg_record_type="Member",
            record={"member_identifier": [{"identifier_type": "UIN", "identifier_value": "1"}]},
        )
        for _ in range(150)
    ]
    async with house.registry.databases.worker.transaction() as tx:
        await queue_notifications(tx, notifications, using=house.registry.worker)
    await house.call_back()
    counts = [received.json["header"]["total_count"] for received in house.machine.received]
    assert sorted(counts) == [50, 100]
    for received in house.machine.received:
        assert received.path == "/registry/notify"
        assert document.faults_of_request(received.path, received.json) == []


async def test_refusals_have_the_shape_that_the_standard_prescribes(
    house: House, register: str, document: StandardDocument
) -> None:
    search = a_search(by_identifier(an_idcs(1)))
    nobody = {"Authorization": ""}
    wrong = house.issuer.headers("registry.statistics:read")
    paths = ("search", "subscribe", "unsubscribe", "txn/status", "sync/search", "sync/txn/status")
    for path in paths:
        answers: list[httpx.Response] = [
            await house.post(path, search, register=register, headers=nobody),
            await house.post(path, search, register=register, headers=wrong),
            await house.post(path, {}, register=register),
            await house.post(path, content=b"{", register=register),
            await house.post(path, a_search(version="9"), register=register),
        ]
        assert {answer.status_code for answer in answers} == {400, 401, 403, 415}
        await held(path, answers, document)
        await held_before(path, house, register, document)
    required = SignatureRule.REQUIRED
    await agree(house.registry.api, signature=required, jwks=Signer().jwks, version=1)
    unsigned = [await house.post(path, search, register=register) for path in paths]
    assert unsigned[0].status_code == unsigned[4].status_code == 401
    for path, answer in zip(paths, unsigned, strict=True):
        await held(path, [answer], document)


async def held_before(path: str, house: House, register: str, document: StandardDocument) -> None:
    """Hold what is refused before any register hears of it against the list that gateways have."""
    large = b" " * (BODY_BYTES_MAX + 1)
    refused = [
        await house.post(path, content=large, register=register),
        await house.post(f"{path}/elsewhere", {}, register=register),
        await house.client.get(f"/dci/{register}/v1.0.0/registry/{path}"),
    ]
    assert [answer.status_code for answer in refused] == [413, 404, 405]
    for answer in refused:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["errors"][0]["code"].startswith("err.request.")
        # The document has this shape under 500, "used by components like gateways", for any status.
        assert document.faults_of_answer(f"/registry/{path}", 500, answer.json()) == []


async def held(path: str, answers: list[httpx.Response], document: StandardDocument) -> None:
    """Hold answers of a path against its document."""
    for answer in answers:
        body = answer.json()
        assert body["errors"][0]["code"].startswith("err.")
        assert document.faults_of_answer(f"/registry/{path}", answer.status_code, body) == []


def called_back(house: House, path: str, document: StandardDocument) -> dict[str, Any]:
    """Hold the newest callback against its document and return its message."""
    received = house.machine.received[-1]
    assert received.path == path
    assert document.faults_of_request(path, received.json) == []
    assert received.headers["authorization"].startswith("Bearer ")
    message: dict[str, Any] = received.json["message"]
    return message


def test_every_path_of_the_standard_is_answered_or_called(document: StandardDocument) -> None:
    answered = {"search", "subscribe", "unsubscribe", "txn/status"} | {
        "sync/search",
        "sync/txn/status",
    }
    called = {"on-search", "on-subscribe", "on-unsubscribe", "txn/on-status", "notify"}
    assert set(document.paths) == {f"/registry/{path}" for path in answered | called}
