"""Statistics of payments: what was paid in the caller's regions, and nothing about a few."""

from typing import Any

import httpx
import pytest

from services.payments.settings import Settings
from shared.testing.tokens import Issuer
from tests.services.payments.paying import AMOUNT, Payments, a_decision

STATISTICS = "payments.statistics:read"
CELL_MIN = 2


@pytest.fixture
def settings() -> Settings:
    return Settings(payments_statistics_cell_min=CELL_MIN)


async def ask(api: httpx.AsyncClient, issuer: Issuer, *regions: str) -> dict[str, Any]:
    answer = await api.get(
        "/payments/v1/statistics", headers=issuer.headers(STATISTICS, regions=list(regions))
    )
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_statistics_count_what_was_ordered_in_the_regions_of_the_caller(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.pay_households(5, regions=("01", "06", "01", "06", "01"))
    await payments.frozen()

    assert await ask(api, issuer, "*") == {
        "entitlements": 5,
        "instructions": 5,
        "net_centimes": 5 * AMOUNT,
        "held": 0,
        "files": 0,
        "settled": 0,
        "settled_centimes": 0,
        "rejected": 0,
        "cell_min": CELL_MIN,
        "as_of": "2026-11-20T09:00:00Z",
    }
    region = await ask(api, issuer, "06")
    assert (region["entitlements"], region["net_centimes"]) == (2, 2 * AMOUNT)


async def test_a_small_count_hides_its_amount_and_what_would_reveal_it(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.pay_households(9, regions=("01", "06", "06", "04", "04", "04", "04", "04", "04"))
    await payments.frozen()

    few, neighbour, large, country = [
        await ask(api, issuer, region) for region in ("01", "06", "04", "*")
    ]

    people = ("entitlements", "instructions", "net_centimes", "settled", "settled_centimes")
    assert {few[name] for name in people} == {None}
    assert (neighbour["instructions"], neighbour["net_centimes"]) == (None, None)
    assert (large["instructions"], large["net_centimes"]) == (6, 6 * AMOUNT)
    assert (country["instructions"], country["net_centimes"]) == (9, 9 * AMOUNT)
    assert (await ask(api, issuer, "04", "01"))["net_centimes"] is None


async def test_one_household_whose_payment_is_held_is_not_told_by_subtraction(
    payments: Payments, api: httpx.AsyncClient, issuer: Issuer
) -> None:
    await payments.complete_run(households=10, amount_centimes=10 * AMOUNT)
    await payments.decide(a_decision(region_code="01"))
    await payments.pay_households(9, regions=("01", "06", "04"))
    await payments.frozen()

    region, country = await ask(api, issuer, "01"), await ask(api, issuer, "*")

    assert (region["held"], region["entitlements"], region["instructions"]) == (None, None, 3)
    assert (country["held"], country["entitlements"], country["instructions"]) == (1, 10, 9)
