"""Statistics of eligibility: what stands in the caller's regions, and nothing about a few."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from services.eligibility.settings import Settings
from shared.testing.tokens import Issuer
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import Eligibility, an_item

STATISTICS = "/eligibility/v1/statistics"
POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
CELL_MIN = 2


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        sanad_profile="demo", sanad_state_dir=tmp_path, eligibility_statistics_cell_min=CELL_MIN
    )


async def register(eligibility: Eligibility, region: str, *, decided: int, prospects: int) -> None:
    """Record poor households of a region, with and without an application for ASD."""
    household = POOR | {"region_code": region}
    await eligibility.hear(
        *(an_item(household, programmes=["asd"]) for _ in range(decided)),
        *(an_item(household, programmes=[]) for _ in range(prospects)),
    )


async def ask(client: httpx.AsyncClient, issuer: Issuer, *regions: str) -> dict[str, Any]:
    """Return what a caller of some regions is shown of ASD."""
    headers = issuer.headers(
        "eligibility.statistics:read", regions=list(regions), programmes=["asd"]
    )
    answer = await client.get(STATISTICS, headers=headers)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def counts(body: dict[str, Any]) -> list[tuple[str, int | None, int | None]]:
    return [
        (one["standing"], one["households"], one["amount_centimes"]) for one in body["outcomes"]
    ]


async def test_statistics_count_what_stands_in_the_regions_of_the_caller(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    await register(eligibility, "07", decided=3, prospects=2)
    await register(eligibility, "01", decided=2, prospects=0)
    items = [an_item(POOR), an_item(POOR)]
    await eligibility.hear(*items)
    richer = POOR | {"family_allowances": True}
    await eligibility.hear(
        *(an_item(richer, version=2) | {"household_id": item["household_id"]} for item in items)
    )

    body = await ask(client, issuer, "07")

    assert (body["households"], body["indexes"], body["cell_min"]) == (7, 7, CELL_MIN)
    assert body["as_of"] == "2026-11-20T09:00:00Z"
    assert body["outcomes"] == [
        {
            "programme": "asd",
            "standing": "decision",
            "outcome": "eligible",
            "households": 3,
            "amount_centimes": 3 * 75_000,
        },
        {
            "programme": "asd",
            "standing": "decision",
            "outcome": "refused",
            "households": 2,
            "amount_centimes": 0,
        },
        {
            "programme": "asd",
            "standing": "prospect",
            "outcome": "eligible",
            "households": 2,
            "amount_centimes": 2 * 75_000,
        },
    ]


async def test_a_small_count_hides_what_would_reveal_it_and_its_amount_here_and_in_another_region(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    await register(eligibility, "07", decided=5, prospects=1)
    await register(eligibility, "01", decided=3, prospects=2)
    await register(eligibility, "04", decided=9, prospects=3)

    one, neighbour, large, country = [
        await ask(client, issuer, region) for region in ("07", "01", "04", "*")
    ]

    assert (one["households"], one["indexes"]) == (6, 6)
    assert counts(one) == [("decision", None, None), ("prospect", None, None)]
    assert counts(neighbour) == counts(one)
    assert counts(large) == [("decision", 9, 9 * 75_000), ("prospect", 3, 3 * 75_000)]
    assert counts(country) == [("decision", 17, 17 * 75_000), ("prospect", 6, 6 * 75_000)]
    assert counts(await ask(client, issuer, "01", "07")) == counts(one)
    assert counts(await ask(client, issuer, "04", "07")) == counts(one)


async def test_a_region_where_few_live_shows_nothing_and_one_where_nobody_does_shows_zero(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    await register(eligibility, "07", decided=1, prospects=0)
    await register(eligibility, "01", decided=4, prospects=0)
    await register(eligibility, "04", decided=9, prospects=0)

    few, nobody, large = [await ask(client, issuer, region) for region in ("07", "12", "04")]

    assert (few["households"], few["indexes"]) == (None, None)
    assert counts(few) == [("decision", None, None)]
    assert (nobody["households"], counts(nobody)) == (0, [("decision", 0, 0)])
    assert (large["households"], counts(large)) == (9, [("decision", 9, 9 * 75_000)])
