"""A household that moved is its new region's alone, whatever was written before it moved."""

import asyncio
from typing import Any

import httpx
import pytest

from services.eligibility.consumers.notifications import on_messages_settled
from services.eligibility.consumers.registry import on_households_recorded
from services.eligibility.events.consumed import HouseholdRecorded, MessageSettled
from shared.messaging.consuming import Batch
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import fetch
from shared.testing.tokens import Issuer
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import Eligibility, a_dissolution, an_event, an_item

OLD, NEW = "07", "01"
WAIT_SECONDS_MAX = 60
POLL_SECONDS = 0.02
POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
VERSIONED = (
    "household_fact_version",
    "household_member_fact",
    "application",
    "assessment",
    "outcome",
    "notice",
)


def moved(item: dict[str, Any], *, to: str, version: int) -> dict[str, Any]:
    """Return the item that says that nothing changed but where a household lives."""
    return item | {
        "version": version,
        "region_code": to,
        "province_code": f"{to}.227",
        "commune_code": f"{to}.227.01.01",
        "applications": [],
    }


async def statuses(client: httpx.AsyncClient, issuer: Issuer, item: dict[str, Any]) -> list[int]:
    """Return what callers of the old and of the new region are answered."""
    answers = [
        await client.get(
            f"/eligibility/v1/households/{item['household_id']}",
            headers=issuer.headers("eligibility.decisions:read", regions=[region]),
        )
        for region in (OLD, NEW)
    ]
    return [answer.status_code for answer in answers]


async def test_the_new_region_is_explained_what_the_old_one_decided_and_the_old_one_nothing(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    assert await statuses(client, issuer, item) == [200, 404]

    await eligibility.hear(moved(item, to=NEW, version=2))

    assert await statuses(client, issuer, item) == [404, 200]
    answer = await client.get(
        f"/eligibility/v1/households/{item['household_id']}",
        headers=issuer.headers("eligibility.decisions:read", regions=[NEW]),
    )
    assert [one["programme"] for one in answer.json()["outcomes"]] == ["amo_tadamon", "asd"]
    (decided,) = await eligibility.outcomes(item["household_id"])
    assert decided["region_code"] == OLD


async def test_a_household_that_moves_while_it_is_read_is_explained_whole_or_not_at_all(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    async with (
        asyncio.TaskGroup() as tasks,
        eligibility.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # The read waits here, between the household's assessment and its members.
        await tx.execute("LOCK TABLE household_member_fact IN ACCESS EXCLUSIVE MODE")
        reading = tasks.create_task(statuses(client, issuer, item))
        await _until_somebody_waits(eligibility)
        news = HouseholdRecorded.model_validate(moved(item, to=NEW, version=2))
        moving = Batch(new_id(), eligibility.clock.now(), [news])
        await on_households_recorded(eligibility.collaborators).handle(tx, moving)
    assert reading.result() == [200, 200]
    assert await statuses(client, issuer, item) == [404, 200]


async def _until_somebody_waits(eligibility: Eligibility) -> None:
    """Return once a transaction waits for another's lock on the members."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            if await eligibility.databases.rows(
                "SELECT FROM pg_locks"
                " WHERE relation = 'household_member_fact'::regclass AND NOT granted"
            ):
                return
            await asyncio.sleep(POLL_SECONDS)


async def test_no_row_about_a_household_is_left_behind(eligibility: Eligibility) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    notice = MessageSettled.model_validate(
        {
            "message_id": new_id(),
            "household_id": item["household_id"],
            "version": 1,
            "region_code": OLD,
            "stage": "decision",
            "outcome": "delivered",
            "at": eligibility.clock.now(),
        }
    )
    async with eligibility.databases.worker.transaction() as tx:
        await on_messages_settled().handle(tx, Batch(new_id(), eligibility.clock.now(), [notice]))
    await eligibility.hear(moved(item, to=NEW, version=2))

    for table in VERSIONED:
        every, old, new = [await _seen(eligibility, table, region) for region in ("*", OLD, NEW)]
        assert (old, new) == (0, every), table
        assert every > 0, table


async def _seen(eligibility: Eligibility, table: str, region: str) -> int:
    async with eligibility.databases.api.transaction(RowScope((region,), ("*",))) as tx:
        rows = await fetch(tx, f"SELECT count(*) AS rows FROM {table}")  # noqa: S608 -- our names
    return int(rows[0]["rows"])


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1, 3, 2)])
async def test_the_newest_version_says_who_is_in_charge_in_whatever_order_versions_arrive(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility, order: tuple[int, ...]
) -> None:
    item = an_item(POOR)
    events = {
        1: an_event(item),
        2: an_event(moved(item, to="04", version=2)),
        3: an_event(moved(item, to=NEW, version=3)),
    }
    for version in order:
        await eligibility.hear_event(events[version])
    assert await statuses(client, issuer, item) == [404, 200]


async def test_a_household_that_moved_and_is_no_more_stays_with_its_last_region(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    last = moved(item, to=NEW, version=2)
    await eligibility.hear(last)
    await eligibility.hear_dissolved(a_dissolution(last, version=3))
    assert await statuses(client, issuer, item) == [404, 200]
