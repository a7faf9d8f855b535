"""A household that moved is its new region's alone, whatever it was told before it moved."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.notifications.events.consumed import ContactRecorded
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import fetch
from shared.testing.tokens import Issuer
from tests.services.notifications.conftest import (
    REGION,
    Notifications,
    a_decision,
    an_instruction,
)

OLD, NEW = REGION, "09"
FOLLOWING = (
    "contact",
    "assessment_standing",
    "decision_standing",
    "instruction_standing",
    "message",
    "message_part",
)


async def told(
    api: httpx.AsyncClient, issuer: Issuer, household_id: UUID, region: str
) -> list[dict[str, Any]]:
    """Return the messages that a caseworker of a region is shown of a household."""
    answer = await api.get(
        f"/notifications/v1/households/{household_id}/messages",
        headers=issuer.headers("notifications.messages:read", regions=[region]),
    )
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def deliver_a_part(notifications: Notifications) -> None:
    """Let the first SMS of every message have arrived."""
    await notifications.databases.rows(
        "INSERT INTO message_part SELECT message_id, 1, created_at, region_code, 'sms-centre',"
        " message_id::text, 'DELIVERED', 3, 0, created_at FROM message RETURNING 1"
    )


async def test_the_new_region_sees_what_was_told_before_the_move_and_the_old_one_nothing(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await notifications.queue()
    await deliver_a_part(notifications)
    assert len(await told(api, issuer, household_id, OLD)) == 1
    assert await told(api, issuer, household_id, NEW) == []

    moved = notifications.contact(household_id, version=2, region_code=NEW)
    await notifications.consume(ContactRecorded.TYPE, moved)

    assert await told(api, issuer, household_id, OLD) == []
    (message,) = await told(api, issuer, household_id, NEW)
    assert message["parts_delivered"] == 1
    assert [row["region_code"] for row in await notifications.messages()] == [OLD]


async def test_no_row_about_a_household_is_left_behind(notifications: Notifications) -> None:
    (household_id,) = await notifications.queue()
    await notifications.consume("eligibility.decisions-made.v1", a_decision(household_id))
    await notifications.consume("payments.instructions-changed.v1", an_instruction(household_id))
    await deliver_a_part(notifications)
    moved = notifications.contact(household_id, version=2, region_code=NEW)
    await notifications.consume(ContactRecorded.TYPE, moved)

    for table in FOLLOWING:
        seen = {}
        for region in ("*", OLD, NEW):
            async with notifications.databases.api.transaction(RowScope((region,), ("*",))) as tx:
                query = f"SELECT count(*) AS rows FROM {table}"  # noqa: S608 -- our own table
                seen[region] = (await fetch(tx, query))[0]["rows"]
        assert seen == {"*": seen["*"], OLD: 0, NEW: seen["*"]}, table
        assert seen["*"] > 0, table


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1, 3, 2)])
async def test_the_newest_version_says_who_is_in_charge_in_whatever_order_versions_arrive(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer, order: tuple[int, ...]
) -> None:
    household_id = new_id()
    await notifications.consume("eligibility.decisions-made.v1", a_decision(household_id))
    events = {
        version: (new_id(), notifications.contact(household_id, version=version, region_code=at))
        for version, at in ((1, OLD), (2, "04"), (3, NEW))
    }
    for version in order:
        event_id, contact = events[version]
        await notifications.deliver(event_id, ContactRecorded.TYPE, contact)

    shown = {one: len(await told(api, issuer, household_id, one)) for one in (OLD, "04", NEW)}
    assert shown == {OLD: 0, "04": 0, NEW: 1}


async def test_a_household_moves_even_if_its_phone_is_refused(
    notifications: Notifications, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await notifications.queue()
    moved = notifications.contact(household_id, phone="+33612345678", version=2, region_code=NEW)
    await notifications.consume(ContactRecorded.TYPE, moved)

    assert await notifications.databases.value("SELECT count(*) FROM rejected_item") == 1
    assert await told(api, issuer, household_id, OLD) == []
    assert len(await told(api, issuer, household_id, NEW)) == 1
