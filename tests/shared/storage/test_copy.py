"""Rows by COPY: both formats of the wire keep every value."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from psycopg import DataError

from shared.storage.copy import copy_rows
from shared.testing.databases import DatabaseFactory, fetch

COLUMNS = {
    "id": "uuid",
    "version": "integer",
    "name": "text",
    "sealed": "bytea",
    "facts": "jsonb",
    "since": "date",
    "recorded_at": "timestamp with time zone",
    "head": "boolean",
}
FACTS = {"given": 'زهرة "\\'}
ID = UUID("018f0000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TABLE = f"CREATE TEMPORARY TABLE thing ({', '.join(map(' '.join, COLUMNS.items()))})"


@pytest.mark.parametrize("types", [(), tuple(COLUMNS.values())], ids=["text", "binary"])
async def test_rows_keep_every_value(databases: DatabaseFactory, types: tuple[str, ...]) -> None:
    facts = '{"given": "زهرة \\"\\\\"}'
    written = facts.encode() if types else facts
    full = (ID, 7, "a\tb\\n", b"\x00\x01\\", written, date(1890, 1, 1), AT, True)
    made = await databases.make("registry")
    async with made.owner.transaction() as tx:
        await tx.execute(TABLE.encode())
        count = await copy_rows(tx, "thing", list(COLUMNS), [full, (None,) * 8], types=types)
        rows = await fetch(tx, "SELECT * FROM thing ORDER BY id NULLS LAST")
    assert count == len(rows)
    assert [tuple(row.values()) for row in rows] == [
        (*full[:4], FACTS, *full[5:]),
        (None,) * len(COLUMNS),
    ]


async def test_no_rows_are_none(databases: DatabaseFactory) -> None:
    made = await databases.make("registry")
    async with made.owner.transaction() as tx:
        await tx.execute(TABLE.encode())
        assert await copy_rows(tx, "thing", ["id"], [], types=["uuid"]) == 0


async def test_a_broken_document_is_refused_by_the_database(databases: DatabaseFactory) -> None:
    made = await databases.make("registry")
    with pytest.raises(DataError):
        async with made.owner.transaction() as tx:
            await tx.execute(TABLE.encode())
            await copy_rows(tx, "thing", ["facts"], [(b"{broken",)], types=["jsonb"])
