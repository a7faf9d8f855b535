"""What is written as an array is read as the same array, whatever stands in it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.notifications.domain.messages import PartState
from services.notifications.storage.arrays import array
from tests.services.notifications.conftest import Notifications

HOSTILE = [
    "",
    " ",
    "NULL",
    "null",
    "a,b",
    "{}",
    '"',
    "\\",
    '\\"',
    "\t",
    "\n",
    "'",
    "%s",
    "نعم",
    "a b",
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", HOSTILE),
        ("text", [None, "NULL"]),
        ("text", []),
        ("uuid", [UUID(int=1), UUID(int=2**127)]),
        ("bigint", [0, -1, 2**62]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(2026, 11, 20, 9, 1, 2, 345678, tzinfo=UTC)]),
    ],
)
async def test_values_survive(notifications: Notifications, kind: str, values: list[Any]) -> None:
    async with notifications.collaborators.database.transaction() as tx:
        cursor = await tx.execute(f"SELECT %s::{kind}[] AS told", (array(values),))
        row = await cursor.fetchone()
    assert row == {"told": values}


def test_a_state_is_written_as_its_word() -> None:
    assert array([PartState.DELIVERED]) == '{"DELIVERED"}'
