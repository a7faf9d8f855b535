"""What callers are shown: how far messages got, within their regions, and never what they say."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.notifications.main import SERVICE, Settings, create_app
from shared.runtime.ids import new_id
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.notifications.conftest import PHONE, REGION, Notifications, a_decision

MESSAGES, STATISTICS = "notifications.messages:read", "notifications.statistics:read"


@pytest.fixture
async def api(
    notifications: Notifications, clock: FixedClock, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    platform = platform_for_tests(
        SERVICE, notifications.databases.api, clock=clock, keys=keys, verifier=issuer.verifier()
    )
    app = create_app(Settings(), platform)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sanad.test") as client:
        yield client


async def test_a_caseworker_sees_what_a_household_was_told_and_how_far_it_got(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await notifications.queue()
    await notifications.consume("eligibility.decisions-made.v1", a_decision(household_id))
    answer = await api.get(
        f"/notifications/v1/households/{household_id}/messages",
        headers=issuer.headers(MESSAGES, regions=[REGION]),
    )
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert {item["stage"] for item in items} == {"assessment", "decision"}
    assert {item["state"] for item in items} == {"QUEUED"}
    decision = next(item for item in items if item["stage"] == "decision")
    assert decision["templates"] == ["decision.asd.accepted@1", "decision.asd.amount@1"]
    assert PHONE.removeprefix("+") not in answer.text


async def test_another_region_sees_nothing(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await notifications.queue()
    answer = await api.get(
        f"/notifications/v1/households/{household_id}/messages",
        headers=issuer.headers(MESSAGES, regions=["09"]),
    )
    assert answer.json() == {"items": [], "next_cursor": None}


async def test_pages_follow_one_another_without_gap_or_repetition(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    household_id = new_id()
    for version in range(1, 6):
        amount = 50_000 + version * 100
        await notifications.consume(
            "eligibility.decisions-made.v1",
            a_decision(household_id, version=version, amount_centimes=amount),
        )
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = await api.get(
            f"/notifications/v1/households/{household_id}/messages",
            params=query,
            headers=issuer.headers(MESSAGES),
        )
        page = answer.json()
        seen += [item["message_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "WyJhIiwiYiJd"])
async def test_a_foreign_cursor_is_refused(
    api: httpx.AsyncClient, issuer: Issuer, cursor: str
) -> None:
    answer = await api.get(
        f"/notifications/v1/households/{new_id()}/messages",
        params={"cursor": cursor},
        headers=issuer.headers(MESSAGES),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "shared.cursor-malformed")


async def test_statistics_count_messages_by_stage_and_state(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await notifications.queue(messages=3)
    await notifications.consume("eligibility.decisions-made.v1", a_decision(new_id()))
    answer = await api.get("/notifications/v1/statistics", headers=issuer.headers(STATISTICS))
    body = answer.json()
    assert body["messages"] == [
        {"stage": "assessment", "state": "QUEUED", "messages": 3},
        {"stage": "decision", "state": "AWAITING_CONTACT", "messages": 1},
    ]
    assert body["awaiting_contact"] == 1


async def test_routes_ask_for_their_scope_and_a_purpose(
    api: httpx.AsyncClient, issuer: Issuer
) -> None:
    path = f"/notifications/v1/households/{new_id()}/messages"
    assert (await api.get(path)).status_code == 401
    assert (await api.get(path, headers=issuer.headers(STATISTICS))).status_code == 403
    without_purpose = {"Authorization": f"Bearer {issuer.token(MESSAGES)}"}
    answer = await api.get(path, headers=without_purpose)
    assert answer.json()["code"] == "shared.purpose-missing"
