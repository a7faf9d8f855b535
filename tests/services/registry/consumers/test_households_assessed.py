"""The index of a household, kept from what eligibility tells."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.registry.consumers.eligibility import on_households_assessed
from shared.messaging.consuming import Consumer
from shared.messaging.envelope import read_envelope
from shared.messaging.in_process import InProcessBroker
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.storage.database import RowScope
from shared.testing.databases import fetch
from tests.services.registry.conftest import Registry

INDEX_OF = "SELECT * FROM household_index WHERE household_id = %(id)s"


def an_item(**stated: object) -> dict[str, Any]:
    return {
        "household_id": str(new_id()),
        "version": 1,
        "region_code": "01",
        "milieu": "urban",
        "index": "9.7430010000",
        "formula_version": "2024-01",
        "assessed_on": "2026-11-20",
    } | stated


async def hear(registry: Registry, tmp_path: Path, *items: dict[str, Any]) -> None:
    """Receive one event of eligibility."""
    subscription = on_households_assessed()
    broker = InProcessBroker(tmp_path / "unused.sqlite3")
    consumer = Consumer(
        service="registry",
        database=registry.databases.worker,
        broker=broker,
        metrics=Metrics(),
        subscriptions=[subscription],
    )
    body = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/eligibility",
        "type": subscription.item.TYPE,
        "time": "2026-11-20T09:00:00+00:00",
        "data": {"items": list(items)},
    }
    await consumer.apply(subscription, read_envelope(json.dumps(body).encode()))
    await broker.close()


async def test_the_index_is_kept_to_its_last_place(registry: Registry, tmp_path: Path) -> None:
    item = an_item(index="9.3264284001")
    await hear(registry, tmp_path, item)
    async with registry.databases.api.transaction(RowScope.everything()) as tx:
        (kept,) = await fetch(tx, INDEX_OF, id=UUID(item["household_id"]))
    assert kept["index_points"] == Decimal("9.3264284001")
    assert (kept["milieu"], kept["formula_version"]) == ("urban", "2024-01")
    assert kept["assessed_on"] == date(2026, 11, 20)


async def test_a_newer_index_replaces_an_older_one_and_never_the_other_way(
    registry: Registry, tmp_path: Path
) -> None:
    item = an_item()
    newer = item | {"version": 3, "index": "9.1", "region_code": "04"}
    await hear(registry, tmp_path, newer, item | {"version": 2})
    await hear(registry, tmp_path, item | {"version": 2, "index": "9.2"})
    (row,) = await registry.databases.rows("SELECT * FROM household_index")
    assert (row["version"], row["index_points"]) == (3, Decimal("9.1"))
    assert row["region_code"] == "04"


@pytest.mark.parametrize(
    "fault",
    [
        {"index": "9.74300100001"},
        {"index": "NaN"},
        {"index": "1000"},
        {"milieu": "x"},
        {"region_code": "13"},
    ],
)
async def test_a_bad_index_is_kept_aside_and_the_others_are_kept(
    registry: Registry, tmp_path: Path, fault: dict[str, object]
) -> None:
    await hear(registry, tmp_path, an_item(**fault), an_item())
    assert await registry.databases.value("SELECT count(*) FROM household_index") == 1
    assert await registry.databases.value("SELECT count(*) FROM rejected_item") == 1


async def test_an_api_sees_the_index_of_households_of_its_callers_regions(
    registry: Registry, tmp_path: Path
) -> None:
    item = an_item()
    await hear(registry, tmp_path, item)
    household_id = UUID(item["household_id"])
    async with registry.databases.api.transaction(RowScope(("04",), ("*",))) as tx:
        assert await fetch(tx, INDEX_OF, id=household_id) == []
