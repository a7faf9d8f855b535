"""What makers, checkers, caseworkers and auditors may ask of payments over HTTP."""

from typing import Any

import httpx
import pytest

from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.payments.paying import AMOUNT, MONTH, Payments, SimulatedBank, a_rib

READ = "payments.cycles:read"
WRITE = "payments.cycles:write"
APPROVE = {1: "payments.cycles:approve-1", 2: "payments.cycles:approve-2"}
INSTRUCTIONS = "payments.instructions:read"


@pytest.fixture
def body(payments: Payments) -> dict[str, Any]:
    return {"programme": "asd", "month": MONTH, "run_id": str(payments.run_id)}


def keyed(headers: dict[str, str], key: str) -> dict[str, str]:
    return {**headers, "Idempotency-Key": key}


async def test_a_cycle_goes_through_three_hands(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any]
) -> None:
    await payments.pay_households(4)
    maker = keyed(issuer.headers(WRITE, READ, subject="maker"), "open")
    opened = await api.post("/payments/v1/cycles", json=body, headers=maker)
    assert opened.status_code == 202
    assert opened.json()["state"] == "PLANNED"
    await payments.freeze()

    cycle = f"/payments/v1/cycles/{opened.json()['cycle_id']}"
    frozen = (await api.get(cycle, headers=issuer.headers(READ))).json()
    assert (frozen["state"], frozen["instructions"], frozen["net_centimes"]) == (
        "FROZEN",
        4,
        4 * AMOUNT,
    )
    approved = opened
    for level in (1, 2):
        caller = issuer.headers(READ, APPROVE[level], subject=f"checker-{level}")
        approved = await api.post(
            f"{cycle}/approvals",
            json={"level": level, "content_hash": frozen["content_hash"]},
            headers=keyed(caller, f"approve-{level}"),
        )
        assert approved.status_code == 200

    assert approved.json()["state"] == "APPROVED"
    assert [approval["level"] for approval in approved.json()["approvals"]] == [1, 2]


async def test_the_same_request_twice_opens_one_cycle(
    api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any]
) -> None:
    headers = keyed(issuer.headers(WRITE), "once")
    answers = [await api.post("/payments/v1/cycles", json=body, headers=headers) for _ in range(2)]
    other = await api.post(
        "/payments/v1/cycles", json=body, headers=keyed(issuer.headers(WRITE), "twice")
    )

    assert answers[0].content == answers[1].content
    assert (other.status_code, other.json()["code"]) == (409, "payments.cycle-exists")


@pytest.mark.parametrize("nothing", [{}, {"json": {}}], ids=["no-body", "empty-object"])
async def test_a_cycle_opened_by_mistake_is_abandoned_and_the_month_opens_again(
    api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any], nothing: dict[str, Any]
) -> None:
    maker = issuer.headers(WRITE)
    mistaken = {**body, "run_id": str(new_id())}
    opened = await api.post("/payments/v1/cycles", json=mistaken, headers=keyed(maker, "mistake"))
    address = f"/payments/v1/cycles/{opened.json()['cycle_id']}/abandonment"

    answers = [
        await api.post(address, headers=keyed(maker, key), **nothing)
        for key in ("abandon", "abandon", "again")
    ]
    right = await api.post("/payments/v1/cycles", json=body, headers=keyed(maker, "right"))

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[0].content == answers[1].content
    assert answers[0].json() == {**opened.json(), "state": "ABORTED"}
    assert answers[2].json()["code"] == "payments.cycle-not-abandonable"
    assert (right.status_code, right.json()["run_no"]) == (202, 2)


async def test_an_abandonment_needs_the_scope_of_makers_a_key_and_an_empty_object(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    cycle_id = await payments.open()
    address = f"/payments/v1/cycles/{cycle_id}/abandonment"
    maker = issuer.headers(WRITE)

    reader = await api.post(address, headers=keyed(issuer.headers(READ), "reader"))
    keyless = await api.post(address, headers=maker)
    wordy = await api.post(address, json={"why": "slip"}, headers=keyed(maker, "wordy"))

    assert (reader.status_code, reader.json()["code"]) == (403, "shared.scope-missing")
    assert (keyless.status_code, keyless.json()["code"]) == (400, "shared.idempotency-key-missing")
    assert wordy.status_code == 422
    assert (await payments.status(cycle_id)).cycle.state == "PLANNED"


async def test_a_month_or_run_that_cannot_be_meant_is_refused_at_once(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any]
) -> None:
    await payments.complete_run(month="2026-12")
    answers = [
        await api.post(
            "/payments/v1/cycles",
            json={**body, **change},
            headers=keyed(issuer.headers(WRITE), key),
        )
        for key, change in (("far", {"month": "9999-12"}), ("other", {}))
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, "payments.month-out-of-range"),
        (409, "payments.run-of-another-month"),
    ]


async def test_a_maker_who_approves_is_refused(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    content_hash = (await payments.status(cycle_id)).cycle.content_hash
    assert content_hash is not None
    answer = await api.post(
        f"/payments/v1/cycles/{cycle_id}/approvals",
        json={"level": 1, "content_hash": content_hash.hex()},
        headers=keyed(issuer.headers(READ, APPROVE[1], subject="maker"), "self"),
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "payments.approver-not-distinct")


@pytest.mark.parametrize("level", [True, 1.0, "1", 3])
async def test_only_a_whole_number_is_a_level_of_approval(
    api: httpx.AsyncClient, issuer: Issuer, level: object
) -> None:
    answer = await api.post(
        f"/payments/v1/cycles/{new_id()}/approvals",
        json={"level": level, "content_hash": "0" * 64},
        headers=keyed(issuer.headers(READ, *APPROVE.values()), "odd-level"),
    )
    assert answer.status_code == 422


async def test_the_scope_of_one_level_does_not_open_the_other(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.pay_households(1)
    cycle_id = await payments.frozen()
    answer = await api.post(
        f"/payments/v1/cycles/{cycle_id}/approvals",
        json={"level": 1, "content_hash": "0" * 64},
        headers=keyed(issuer.headers(READ, APPROVE[2]), "wrong-level"),
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "shared.scope-missing")


@pytest.mark.parametrize(
    "change",
    [{"month": "2026-13"}, {"programme": "ASD!"}, {"run_id": "x"}, {"surprise": 1}],
    ids=["month", "programme", "run", "unknown-field"],
)
async def test_a_malformed_cycle_is_refused_without_an_echo(
    api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = await api.post(
        "/payments/v1/cycles",
        json={**body, **change},
        headers=keyed(issuer.headers(WRITE), "bad"),
    )

    assert answer.status_code == 422
    assert not any(str(value) in answer.text for value in change.values() if value != 1)


async def test_a_programme_that_ends_in_no_transfer_has_no_cycle(
    api: httpx.AsyncClient, issuer: Issuer, body: dict[str, Any]
) -> None:
    answer = await api.post(
        "/payments/v1/cycles",
        json={**body, "programme": "amo_tadamon"},
        headers=keyed(issuer.headers(WRITE), "cover"),
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "payments.programme-not-paid")


async def test_batches_are_listed_page_by_page(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.pay_households(12)
    cycle_id = await payments.frozen()
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(10):
        page = await api.get(
            f"/payments/v1/cycles/{cycle_id}/batches",
            params={"limit": 3, **({"cursor": cursor} if cursor else {})},
            headers=issuer.headers(READ),
        )
        seen += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break

    assert len({batch["batch_id"] for batch in seen}) == len(seen) == 4
    assert sum(batch["net_centimes"] for batch in seen) == 12 * AMOUNT


async def test_a_caseworker_sees_what_a_household_was_paid_and_no_account(
    payments: Payments, simulated: SimulatedBank, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    households = await payments.pay_households(3, regions=("01",))
    await payments.settle(simulated.bank, await payments.released())

    answer = await api.get(
        f"/payments/v1/households/{households[0]}/instructions",
        headers=issuer.headers(INSTRUCTIONS, regions=["01"]),
    )

    (item,) = answer.json()["items"]
    assert (item["month"], item["net_centimes"], item["fee_cap_centimes"]) == (MONTH, AMOUNT, 1600)
    assert item["state"] in {"PAID", "ACTION_NEEDED"}
    assert a_rib(0) not in answer.text


async def test_another_region_and_a_caller_without_purpose_see_nothing(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    households = await payments.pay_households(1, regions=("01",))
    await payments.frozen()
    url = f"/payments/v1/households/{households[0]}/instructions"
    elsewhere = await api.get(url, headers=issuer.headers(INSTRUCTIONS, regions=["09"]))
    headers = issuer.headers(INSTRUCTIONS)
    del headers["Sanad-Purpose"]
    purposeless = await api.get(url, headers=headers)

    assert elsewhere.json() == {"items": [], "next_cursor": None}
    assert purposeless.status_code == 403


async def test_a_cycle_of_another_programme_is_not_there(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    cycle_id = await payments.open()
    elsewhere = issuer.headers(READ, programmes=["amo_tadamon"])

    for url in (f"/payments/v1/cycles/{cycle_id}", f"/payments/v1/cycles/{new_id()}/batches"):
        answer = await api.get(url, headers=elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (404, "payments.cycle-unknown")


async def test_a_cursor_of_another_list_is_refused(api: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await api.get(
        f"/payments/v1/households/{new_id()}/instructions",
        params={"cursor": "WyJub3QtYS1tb250aCIsIngiXQ"},
        headers=issuer.headers(INSTRUCTIONS),
    )

    assert answer.status_code == 422
