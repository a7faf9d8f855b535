"""Statistics over HTTP: exact as the register changes, and silent about small numbers."""

import runpy
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.main import MIGRATIONS
from services.registry.settings import Settings
from services.registry.storage.statistics import (
    read_due_reviews,
    read_registered_by_day,
    read_standing,
)
from services.registry.use_cases.fold_counts import fold_counts
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import RABAT, TANGIER, a_file, a_household, a_person

READ = "registry.statistics:read"
SALE = "04.441.01.0"
STATISTICS = "/registry/v1/statistics"


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may read statistics of every region."""
    settings = Settings(sanad_profile="demo", registry_statistics_cell_min=3)
    counter = at_the_counter(registry, READ, keys=keys, issuer=issuer, settings=settings)
    async with counter as client:
        yield client


def persons(numbers: Iterable[int], commune: str) -> list[dict[str, Any]]:
    return [a_person(number, commune=commune) for number in numbers]


async def registered(client: httpx.AsyncClient, address: str, code: str) -> Any:  # noqa: ANN401 -- JSON
    """Return what a row of a table says is registered."""
    answer = await client.get(f"{STATISTICS}/{address}")
    assert answer.status_code == 200
    (row,) = [row for row in answer.json()["items"] if row["code"] == code]
    return row["registered"]


async def test_each_level_counts_what_lies_within_it(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    lines = [*persons(range(1, 9), TANGIER), *persons(range(11, 15), RABAT)]
    homes = [a_household(1, [1, 2]), a_household(2, [3, 4]), a_household(3, [5])]
    await registry.load(a_file(*lines, *homes), key="k")
    tangier = {"persons": 8, "households": 3, "members": 5}
    assert await registered(client, "regions", "01") == tangier
    assert await registered(client, "provinces", "01.511") == tangier
    assert await registered(client, "communes?province=01.511", TANGIER) == tangier
    assert (await registered(client, "regions", "04"))["persons"] == 4
    whole = (await client.get(f"{STATISTICS}/regions")).json()
    assert whole["total"] == {"persons": 12, "households": 3, "members": 5}
    assert (len(whole["items"]), whole["cell_min"]) == (12, 3)


async def test_coverage_is_against_the_census(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await registry.load(a_file(*persons(range(1, 11), SALE)), key="k")
    answer = await client.get(f"{STATISTICS}/communes", params={"province": "04.441"})
    (row,) = [row for row in answer.json()["items"] if row["code"] == SALE]
    assert (row["census_persons"], row["registered"]["persons"]) > (1_000, 9)
    assert row["coverage"] == {
        "persons_per_mille": 10_000 // row["census_persons"],
        "households_per_mille": 0,
    }


async def test_those_few_who_live_in_no_household_are_not_told_by_subtraction(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    homes = [a_household(1, [1, 2]), a_household(2, [3, 4]), a_household(3, [5, 6])]
    await registry.load(a_file(*persons(range(1, 8), TANGIER), *homes), key="k")
    tangier = await registered(client, "regions", "01")
    assert tangier == {"persons": 7, "households": 3, "members": None}
    whole = (await client.get(f"{STATISTICS}/regions")).json()
    assert whole["total"] == {"persons": 7, "households": 3, "members": 6}
    within = (await client.get(f"{STATISTICS}/provinces", params={"region": "01"})).json()
    assert within["total"] == tangier


async def test_members_elsewhere_do_not_tell_by_subtraction_who_lives_in_no_household(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    def homes(first: int, commune: str) -> list[dict[str, Any]]:
        members = [[first + 2 * place, first + 2 * place + 1] for place in range(3)]
        return [a_household(first + place, pair, commune=commune)
                for place, pair in enumerate(members)]  # fmt: skip

    lines = [*persons(range(1, 8), TANGIER), *persons(range(11, 17), RABAT)]
    await registry.load(a_file(*lines, *homes(1, TANGIER), *homes(11, RABAT)), key="k")
    table = (await client.get(f"{STATISTICS}/regions")).json()
    shown = [row["registered"] for row in table["items"] if row["registered"]["persons"]]
    assert [(row["persons"], row["households"]) for row in shown] == [(7, 3), (6, 3)]
    assert table["total"]["members"] == 12
    assert [row["members"] for row in shown] == [None, None]


async def test_a_small_count_and_what_would_reveal_it_are_hidden(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    lines = [*persons([1, 2], TANGIER), *persons(range(3, 9), RABAT), *persons([9, 10, 11], SALE)]
    await registry.load(a_file(*lines), key="k")
    table = (await client.get(f"{STATISTICS}/regions")).json()
    rows = {row["code"]: row for row in table["items"]}
    assert table["total"]["persons"] == 11
    assert rows["01"]["registered"] is rows["01"]["coverage"] is None
    assert rows["04"]["registered"] is None
    assert rows["02"]["registered"] == {"persons": 0, "households": 0, "members": 0}
    within = (await client.get(f"{STATISTICS}/provinces", params={"region": "04"})).json()
    assert within["total"] is None
    shown = [row["registered"]["persons"] for row in within["items"] if row["registered"]]
    assert sum(shown) < 9


async def test_a_person_who_moves_or_dies_is_counted_elsewhere_or_no_more(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await registry.load(a_file(*persons(range(1, 10), TANGIER)), key="a")
    moved = persons(range(1, 5), RABAT)
    await registry.load(a_file(*moved, a_person(5, status="deceased")), key="b")
    assert (await registered(client, "regions", "01"))["persons"] == 4
    assert (await registered(client, "provinces", "04.421"))["persons"] == 4
    assert (await client.get(STATISTICS)).json()["persons"] == 8


async def test_a_household_counts_as_its_newest_version_says(registry: Registry) -> None:
    homes = [a_household(number, [2 * number, 2 * number + 1]) for number in range(1, 5)]
    await registry.load(a_file(*persons(range(1, 10), TANGIER), *homes), key="a")
    smaller = a_household(1, [2], declared_on="2026-11-01")
    away = a_household(2, [4, 5], commune=RABAT, declared_on="2026-11-01")
    await registry.load(a_file(smaller, away), key="b")
    async with registry.databases.api.transaction(RowScope.everything()) as tx:
        counts = await read_standing(tx)
    assert counts[TANGIER] == (7, 3, 5)
    assert counts[RABAT] == (2, 1, 2)


async def test_a_household_without_members_stands_no_more_whoever_writes_so(
    registry: Registry,
) -> None:
    homes = [a_household(1, [1, 2]), a_household(2, [3])]
    await registry.load(a_file(*persons(range(1, 4), TANGIER), *homes), key="a")
    household_id = await registry.databases.value(
        "SELECT household_id FROM residence GROUP BY household_id HAVING count(*) = 2"
    )
    # The writer sees one region; the household stood in another.
    async with registry.databases.api.transaction(RowScope(("04",), ("*",))) as tx:
        await tx.execute(
            """
            INSERT INTO household_version
                   (household_id, version, version_id, region_code, province_code, commune_code,
                    milieu, language, facts, review_on, valid_from, recorded_at, state)
            VALUES (%(household_id)s, 2, %(version_id)s, '04', '04.421', %(commune)s,
                    'urban', 'ar', '{}', '2027-11-20', '2026-11-20', '2026-11-20T09:00:00Z',
                    'dissolved')
            """,
            {"household_id": household_id, "version_id": new_id(), "commune": RABAT},
        )
    async with registry.databases.api.transaction(RowScope.everything()) as tx:
        counts = await read_standing(tx)
        due = await read_due_reviews(tx, before=date(2099, 1, 1))
    assert counts[TANGIER] == (3, 1, 1)
    assert sum(number for (number,) in due.values()) == 1


async def test_counts_are_the_same_before_and_after_the_worker_adds_them_up(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    addresses = ("", "/regions", "/daily", "/reviews-overdue")
    homes = [a_household(number, [number]) for number in range(1, 5)]
    await registry.load(a_file(*persons(range(1, 6), TANGIER), *homes), key="a")
    await fold_counts(registry.worker)
    await registry.load(a_file(*persons(range(1, 9), RABAT)), key="b")
    before = [(await client.get(STATISTICS + address)).json() for address in addresses]
    assert await registry.databases.value("SELECT count(*) FROM count_change") > 0
    await fold_counts(registry.worker)
    assert await registry.databases.value("SELECT count(*) FROM count_change") == 0
    assert [(await client.get(STATISTICS + each)).json() for each in addresses] == before
    assert before[0]["persons"] == 8


async def test_counts_are_those_of_counting_everybody_over_again(registry: Registry) -> None:
    homes = [a_household(number, [number, number + 10]) for number in range(1, 8)]
    await registry.load(a_file(*persons(range(1, 20), TANGIER), *homes), key="a")
    changed = [
        a_household(1, [1], declared_on="2026-11-01", commune=SALE),
        a_household(2, [2, 11, 12], declared_on="2026-11-02"),
        a_household(9, [19], declared_on="2026-11-02", commune=RABAT),
    ]
    await registry.load(a_file(*persons(range(5, 9), SALE), *changed), key="b")
    async with registry.databases.api.transaction(RowScope.everything()) as tx:
        kept = await read_standing(tx)
    counted = await registry.databases.rows(
        """
        SELECT commune_code, sum(persons)::int AS persons, sum(households)::int AS households,
               sum(members)::int AS members
          FROM (SELECT commune_code, 1 AS persons, 0 AS households, 0 AS members FROM person
                 UNION ALL
                SELECT commune_code, 0, 1, 0
                  FROM household JOIN household_version USING (household_id, version)
                 UNION ALL
                SELECT commune_code, 0, 0, 1
                  FROM residence JOIN household USING (household_id)
                  JOIN household_version USING (household_id, version)) AS each
         GROUP BY commune_code
        """
    )
    assert kept == {
        row["commune_code"]: (row["persons"], row["households"], row["members"]) for row in counted
    }


async def test_the_migration_counts_what_was_registered_before_it(registry: Registry) -> None:
    homes = [a_household(number, [number, number + 10]) for number in range(1, 5)]
    await registry.load(a_file(*persons(range(1, 20), TANGIER), *homes), key="a")
    changed = [a_household(1, [1], declared_on="2026-11-01", commune=SALE)]
    await registry.load(a_file(a_person(19, status="deceased"), *changed), key="b")
    kept = await everything_counted(registry)
    revision = runpy.run_path(str(next((MIGRATIONS / "versions").glob("*-0010-*.py"))))
    async with registry.databases.owner.transaction() as tx:
        for table in ("count_change", "commune_count", "commune_day_count"):
            await tx.execute(f"TRUNCATE {table}")
        for statement in revision["FIRST_COUNTS"]:
            await tx.execute(statement)
    assert await everything_counted(registry) == kept


async def everything_counted(registry: Registry) -> tuple[Any, ...]:
    """Return every count there is, but for those of nobody."""
    async with registry.databases.api.transaction(RowScope.everything()) as tx:
        standing = await read_standing(tx)
        due = await read_due_reviews(tx, before=date(2099, 1, 1))
        by_day = await read_registered_by_day(tx)
    return tuple(
        {key: counts for key, counts in each.items() if any(counts)}
        for each in (standing, due, by_day)
    )


async def test_daily_progress_counts_first_registrations_by_the_day(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await registry.load(a_file(*persons(range(1, 8), TANGIER), a_household(1, [1])), key="a")
    registry.clock.move(timedelta(days=1))
    homes = [a_household(number, [number]) for number in range(2, 6)]
    await registry.load(a_file(*persons(range(5, 14), RABAT), *homes), key="b")
    answer = (await client.get(f"{STATISTICS}/daily")).json()
    assert len(answer["items"]) == 30
    assert answer["items"][-3:] == [
        {"day": "2026-11-19", "persons": 0, "households": 0},
        {"day": "2026-11-20", "persons": None, "households": None},
        {"day": "2026-11-21", "persons": None, "households": None},
    ]


async def test_days_with_enough_people_are_shown(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    homes = [a_household(number, [number]) for number in range(1, 5)]
    await registry.load(a_file(*persons(range(1, 8), TANGIER), *homes), key="a")
    period = {"from": "2026-11-20", "to": "2026-11-20"}
    answer = (await client.get(f"{STATISTICS}/daily", params=period)).json()
    assert answer["items"] == [{"day": "2026-11-20", "persons": 7, "households": 4}]


async def test_a_review_is_overdue_from_the_day_after_it_was_due(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    due = [a_household(number, [number], declared_on="2025-11-20") for number in range(1, 5)]
    later = [a_household(number, [number], declared_on="2025-11-21") for number in range(5, 8)]
    await registry.load(a_file(*persons(range(1, 8), TANGIER), *due, *later), key="a")
    assert (await client.get(f"{STATISTICS}/reviews-overdue")).json()["total"] == 0
    registry.clock.move(timedelta(days=1))
    assert (await client.get(f"{STATISTICS}/reviews-overdue")).json()["total"] == 4
    reviewed = a_household(1, [1], declared_on="2026-11-20")
    await registry.load(a_file(reviewed), key="b")
    answer = await client.get(f"{STATISTICS}/reviews-overdue", params={"within": "01"})
    (row,) = [row for row in answer.json()["items"] if row["code"] == "01.511"]
    assert row["households"] == answer.json()["total"] == 3


async def test_a_caller_of_some_regions_sees_those_alone(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    await registry.load(
        a_file(*persons(range(1, 8), TANGIER), *persons(range(11, 16), RABAT)), key="k"
    )
    client.headers.update(issuer.headers(READ, regions=["04"]))
    table = (await client.get(f"{STATISTICS}/regions")).json()
    assert [row["code"] for row in table["items"]] == ["04"]
    assert table["total"]["persons"] == (await client.get(STATISTICS)).json()["persons"] == 5
    provinces = (await client.get(f"{STATISTICS}/provinces")).json()["items"]
    assert {row["code"][:2] for row in provinces} == {"04"}
    for address in ("provinces?region=01", "communes?province=01.511", "reviews-overdue?within=01"):
        refused = await client.get(f"{STATISTICS}/{address}")
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "registry.territory-out-of-scope",
        )


async def test_a_regional_total_is_hidden_with_its_region(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    await registry.load(a_file(*persons([1, 2], RABAT), *persons([3, 4, 5], TANGIER)), key="k")
    client.headers.update(issuer.headers(READ, regions=["04"]))
    answer = (await client.get(STATISTICS)).json()
    assert (answer["persons"], answer["households"], answer["members"]) == (None, None, None)


REFUSED = [
    ("provinces?region=13", "registry.territory-unknown"),
    ("communes?province=04.999", "registry.territory-unknown"),
    ("communes", "shared.request-invalid"),
    ("communes?province=%27%20OR%201=1", "shared.request-invalid"),
    ("daily?from=2026-11-02&to=2026-11-01", "registry.period-invalid"),
    ("daily?from=2020-01-01", "registry.period-invalid"),
    ("daily?from=soon", "shared.request-invalid"),
    ("daily?since=2026-11-01", "shared.parameter-unknown"),
    ("reviews-overdue?within=4", "shared.request-invalid"),
]


async def test_what_makes_no_sense_is_refused(client: httpx.AsyncClient) -> None:
    for address, code in REFUSED:
        answer = await client.get(f"{STATISTICS}/{address}")
        assert (answer.status_code, answer.json()["code"]) == (422, code), address


async def test_the_earliest_day_of_the_calendar_is_no_trap(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{STATISTICS}/daily", params={"to": "0001-01-01"})
    assert [row["day"] for row in answer.json()["items"]] == ["0001-01-01"]
