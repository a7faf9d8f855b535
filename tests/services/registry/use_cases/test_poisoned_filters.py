"""A filter that cannot be held against events harms its owner alone."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from services.registry.consumers.registry import on_own_households
from services.registry.domain.dci_attributes import Operator, by_key
from services.registry.domain.dci_conditions import Comparison
from services.registry.domain.dci_contract import Reason
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.policies import Attribute
from services.registry.storage.dci_notifications import Waiting, match_filters
from services.registry.use_cases.queue_due_notifications import NotificationQueue
from shared.messaging.consuming import Consumer
from shared.messaging.envelope import read_envelope
from shared.messaging.in_process import InProcessBroker
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person
from tests.services.registry.following import DCI, Following, wanted
from tests.services.registry.partners import agree_on

FAILED = "sanad_registry_dci_subscriptions_failed_total"


def _compared(attribute: str, operator: str, *values: object) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, "values": list(values)}


def _nested(depth: int) -> dict[str, Any]:
    document = _compared("location", "eq", "01")
    for _ in range(depth):
        document = {"not": document}
    return document


POISONS: dict[str, dict[str, Any]] = {
    "beyond a numeric": _compared("poverty_score", "lt", "1e-999999"),
    "of other digits": _compared("poverty_score", "lt", "١٢"),
    "no attribute any more": _compared("religion", "eq", "any"),
    "no operator of it": _compared("location", "lt", "01"),
    "no operator at all": _compared("location", "like", "01"),
    "no place any more": {"not": _compared("location", "eq", "99")},
    "no value": _compared("poverty_score", "lt"),
    "no day": _compared("group_registered_on", "lt", "99999-01-01"),
    "no pseudonym": {"of": "person", "ids": ["somebody"]},
    "no filter": {"surprise": []},
    "no end": _nested(800),
    "no measure": {"all": [_compared("location", "eq", "01")] * 100},
}


@pytest.fixture
async def following(registry: Registry) -> Following:
    """Return a registry that knows nobody yet, and a partner who may be told everything."""
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    return Following(registry)


async def _poison(following: Following, code: str, document: dict[str, Any]) -> None:
    """Put a filter in the place of another one that is kept."""
    async with following.registry.worker.database.transaction() as tx:
        await tx.execute(
            "UPDATE dci_subscription SET filter = %(filter)s WHERE code = %(code)s",
            {"filter": Jsonb(document), "code": code},
        )


async def _load_household(registry: Registry) -> None:
    """Have a household of two recorded, after whoever subscribed."""
    registry.clock.move(timedelta(minutes=1))
    file = a_file(a_person(1), a_person(2, sex="M"), a_household(1, [1, 2]))
    await registry.load(file, key="first")


async def _apply_events(registry: Registry, tmp_path: Path) -> None:
    """Receive the registry's own household events as its worker does."""
    subscription = on_own_households(registry.worker)
    broker = InProcessBroker(tmp_path / "unused.sqlite3")
    consumer = Consumer(
        service="registry",
        database=registry.databases.worker,
        broker=broker,
        metrics=registry.worker.metrics,
        subscriptions=[subscription],
    )
    rows = await registry.databases.rows(
        "SELECT body FROM outbox WHERE type = %(type)s ORDER BY position",
        type=subscription.item.TYPE,
    )
    for row in rows:
        await consumer.apply(subscription, read_envelope(bytes(row["body"])))
    await broker.close()


async def test_poisoned_filters_are_ended_and_everybody_else_is_told(
    following: Following, tmp_path: Path
) -> None:
    registry = following.registry
    victim = await following.code(wanted("REGISTER", {"location": "01"}))
    for number, document in enumerate(POISONS.values(), start=1):
        code = await following.code(wanted("REGISTER", {"group_size": {"$lt": 100 + number}}))
        await _poison(following, code, document)
    await _load_household(registry)
    await _apply_events(registry, tmp_path)
    told = await registry.databases.rows("SELECT DISTINCT code FROM dci_notification")
    assert [row["code"] for row in told] == [victim]
    assert await registry.databases.value("SELECT count(*) FROM rejected_item") == 0
    standing = await registry.databases.rows(
        "SELECT code FROM dci_subscription WHERE ended_at IS NULL"
    )
    assert [row["code"] for row in standing] == [victim]
    assert registry.worker.metrics.registry.get_sample_value(FAILED) == len(POISONS)


@pytest.mark.parametrize("score", ["1e-999999", "1e-16384", "1_0", "١٢", "1.00000000001", "1001"])
async def test_a_score_that_is_none_is_not_subscribed_to(following: Following, score: str) -> None:
    item = wanted("REGISTER", {"poverty_score": {"$lt": score}})
    assert await following.reason(item) is Reason.NOTIFY_DETAILS_INVALID


async def test_a_filter_poisoned_after_its_match_stops_nobody_elses_notifications(
    following: Following, tmp_path: Path
) -> None:
    registry = following.registry
    await following.code(wanted("REGISTER", {"location": "01"}))
    poisoned = await following.code(wanted("REGISTER", {"group_size": {"$gte": 1}}))
    await _load_household(registry)
    await _apply_events(registry, tmp_path)
    await _poison(following, poisoned, POISONS["no pseudonym"])
    assert await NotificationQueue(registry.worker).queue_next()
    assert len(await following.messages()) == 1


async def test_what_the_database_refuses_is_told_from_what_it_compares(
    following: Following,
) -> None:
    registry = following.registry
    await _load_household(registry)
    household_id = await registry.databases.value("SELECT household_id FROM household")
    beyond = Comparison(by_key("poverty_score"), Operator.LESS, (Decimal("1e-999999"),))
    fitting = Comparison(by_key("location"), Operator.EQUAL, ("01",))
    waiting = [
        Waiting(f"{number}", None, ("*",), beyond if number % 7 == 0 else fitting)
        for number in range(40)
    ]
    async with registry.worker.database.transaction() as tx:
        matched = await match_filters(tx, waiting, [household_id], record_type=RecordType.GROUP)
    poisoned = {f"{number}" for number in range(0, 40, 7)}
    assert set(matched.failed) == poisoned
    assert {match.code for match in matched.matches} == {item.code for item in waiting} - poisoned
