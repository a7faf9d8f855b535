"""What callers are shown: how far messages got, within their regions, and never what they say."""

import httpx
import pytest

from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.notifications.conftest import (
    PHONE,
    REGION,
    Notifications,
    a_decision,
    an_assessment,
)

MESSAGES, STATISTICS = "notifications.messages:read", "notifications.statistics:read"


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


async def test_small_counts_of_a_region_are_hidden_with_what_would_reveal_them(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    of_region = {"02": (7, 1), "05": (6, 5), "09": (8, 9), "12": (20, 0)}
    for region, (assessments, decisions) in of_region.items():
        await notifications.consume(
            "eligibility.households-assessed.v1",
            *(an_assessment(new_id(), region_code=region) for _ in range(assessments)),
        )
        for _ in range(decisions):
            await notifications.consume(
                "eligibility.decisions-made.v1", a_decision(new_id(), region_code=region)
            )

    shown = {}
    for region in (*of_region, "*"):
        answer = await api.get(
            "/notifications/v1/statistics", headers=issuer.headers(STATISTICS, regions=[region])
        )
        body = answer.json()
        assert body["cell_min"] == 5
        shown[region] = (*(one["messages"] for one in body["messages"]), body["awaiting_contact"])

    assert shown == {
        "02": (7, None, None),
        "05": (6, None, None),
        "09": (8, 9, 17),
        "12": (20, 0, 20),
        "*": (41, 15, 56),
    }


async def test_routes_ask_for_their_scope_and_a_purpose(
    api: httpx.AsyncClient, issuer: Issuer
) -> None:
    path = f"/notifications/v1/households/{new_id()}/messages"
    assert (await api.get(path)).status_code == 401
    assert (await api.get(path, headers=issuer.headers(STATISTICS))).status_code == 403
    without_purpose = {"Authorization": f"Bearer {issuer.token(MESSAGES)}"}
    answer = await api.get(path, headers=without_purpose)
    assert answer.json()["code"] == "shared.purpose-missing"
