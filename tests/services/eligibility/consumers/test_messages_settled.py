"""Proof of notice: the newest word on every message about an assessment or a decision."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.eligibility.consumers.notifications import on_messages_settled
from services.eligibility.events.consumed import MessageSettled
from shared.messaging.consuming import Batch
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import DatabaseFactory, ServiceDatabases

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
async def stored(databases: DatabaseFactory) -> ServiceDatabases:
    """Return a database of eligibility."""
    return await databases.make("eligibility")


def settled(**changes: Any) -> MessageSettled:  # noqa: ANN401 -- any field
    """Return the news of one message, delivered unless changed."""
    usual = {
        "message_id": new_id(),
        "household_id": new_id(),
        "version": 1,
        "region_code": "04",
        "stage": "decision",
        "outcome": "delivered",
        "at": AT,
    }
    return MessageSettled.model_validate({**usual, **changes})


async def hear(stored: ServiceDatabases, *items: MessageSettled) -> None:
    """Apply one event with these items."""
    async with stored.worker.transaction() as tx:
        await on_messages_settled().handle(tx, Batch(new_id(), AT, list(items)))


async def outcomes(stored: ServiceDatabases) -> list[tuple[str, int]]:
    """Return the outcomes kept, with their versions."""
    rows = await stored.rows("SELECT outcome, version FROM notice ORDER BY message_id")
    return [(row["outcome"], row["version"]) for row in rows]


async def test_a_notice_is_kept_with_its_outcome(stored: ServiceDatabases) -> None:
    await hear(stored, settled(), settled(outcome="undeliverable"))
    assert await outcomes(stored) == [("delivered", 1), ("undeliverable", 1)]


@pytest.mark.parametrize("versions", [(1, 2), (2, 1)])
async def test_the_newest_word_stands_in_whatever_order_it_arrives(
    stored: ServiceDatabases, versions: tuple[int, int]
) -> None:
    old = settled(outcome="undeliverable")
    new = settled(message_id=old.message_id, household_id=old.household_id, version=2)
    for version in versions:
        await hear(stored, old if version == 1 else new)
    await hear(stored, old, new)
    assert await outcomes(stored) == [("delivered", 2)]


async def test_messages_about_payments_are_no_business_of_this_service(
    stored: ServiceDatabases,
) -> None:
    await hear(stored, settled(stage="payment"))
    assert await outcomes(stored) == []


async def test_another_regions_caller_sees_no_notice(stored: ServiceDatabases) -> None:
    await hear(stored, settled())
    async with stored.api.transaction(RowScope(("07",), ("*",))) as tx:
        cursor = await tx.execute("SELECT count(*) AS notices FROM notice")
        row = await cursor.fetchone()
    assert row == {"notices": 0}
