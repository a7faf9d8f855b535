"""A household that moved is its new region's alone; its payments stay booked where they were."""

from uuid import UUID

import httpx
import pytest

from shared.storage.database import RowScope
from shared.testing.databases import fetch
from shared.testing.tokens import Issuer
from tests.services.payments.paying import AMOUNT, MONTH, Payments

OLD, NEW = "01", "06"
FOLLOWING = (
    "entitlement",
    "run_receipt",
    "payee_account",
    "entitlement_line",
    "payment_instruction",
)


async def months_seen(
    api: httpx.AsyncClient, issuer: Issuer, household_id: UUID, region: str
) -> list[str]:
    """Return the months that a caseworker of a region is shown of a household."""
    answer = await api.get(
        f"/payments/v1/households/{household_id}/instructions",
        headers=issuer.headers("payments.instructions:read", regions=[region]),
    )
    assert answer.status_code == 200
    return [item["month"] for item in answer.json()["items"]]


async def test_the_new_region_sees_what_was_paid_before_the_move_and_the_old_one_nothing(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await payments.pay_households(1, regions=(OLD,))
    await payments.frozen()
    assert await months_seen(api, issuer, household_id, OLD) == [MONTH]
    assert await months_seen(api, issuer, household_id, NEW) == []

    await payments.place((household_id, NEW, 2))

    assert await months_seen(api, issuer, household_id, OLD) == []
    assert await months_seen(api, issuer, household_id, NEW) == [MONTH]


async def test_no_row_about_a_household_is_left_behind(payments: Payments) -> None:
    (household_id,) = await payments.pay_households(1, regions=(OLD,))
    await payments.databases.rows(
        "INSERT INTO run_receipt VALUES (%(id)s, %(id)s, 'asd', 1, %(old)s) RETURNING 1",
        id=household_id,
        old=OLD,
    )
    await payments.frozen()
    await payments.place((household_id, NEW, 2))

    for table in FOLLOWING:
        seen = []
        for region in (OLD, NEW):
            async with payments.databases.api.transaction(RowScope((region,), ("*",))) as tx:
                query = f"SELECT count(*) AS rows FROM {table}"  # noqa: S608 -- our own table
                seen.append((await fetch(tx, query))[0]["rows"])
        assert seen == [0, 1], table


async def test_what_was_ordered_counts_where_it_was_ordered(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    households = await payments.pay_households(2, regions=(OLD,))
    cycle_id = await payments.frozen()
    await payments.place((households[0], NEW, 2))

    figures = []
    for region in (OLD, NEW):
        answer = await api.get(
            f"/payments/v1/cycles/{cycle_id}",
            headers=issuer.headers("payments.cycles:read", regions=[region]),
        )
        figures.append((answer.json()["instructions"], answer.json()["net_centimes"]))
    rows = await payments.databases.rows("SELECT DISTINCT region_code FROM payment_instruction")

    assert figures == [(2, 2 * AMOUNT), (0, 0)]
    assert rows == [{"region_code": OLD}]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1, 3, 2)])
async def test_the_newest_version_says_who_is_in_charge_in_whatever_order_versions_arrive(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer, order: tuple[int, ...]
) -> None:
    (household_id,) = await payments.pay_households(1, regions=(OLD,))
    await payments.frozen()
    region_of = {1: OLD, 2: "04", 3: NEW}
    for version in order:
        await payments.place((household_id, region_of[version], version))

    seen = {one: await months_seen(api, issuer, household_id, one) for one in (OLD, "04", NEW)}
    assert seen == {OLD: [], "04": [], NEW: [MONTH]}


async def test_two_versions_in_one_event_leave_the_newer_one(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    (household_id,) = await payments.pay_households(1, regions=(OLD,))
    await payments.frozen()
    await payments.place((household_id, NEW, 3), (household_id, "04", 2))
    assert await months_seen(api, issuer, household_id, NEW) == [MONTH]
