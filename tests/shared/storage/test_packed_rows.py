"""Rows packed by hand: what PostgreSQL reads of them, and what we do."""

from datetime import UTC, date, datetime
from uuid import UUID

from shared.storage.copy import copy_packed_rows
from shared.storage.packed_rows import (
    packed,
    packed_bigints,
    packed_date,
    packed_instant,
    packed_int,
    packed_text,
    row_head,
    unpack_row,
)
from shared.testing.databases import DatabaseFactory, fetch

TYPES = (
    "uuid",
    "text",
    "text",
    "bytea",
    "integer",
    "bigint[]",
    "bigint[]",
    "date",
    "timestamp with time zone",
)
COLUMNS = ("a", "b", "c", "d", "e", "f", "g", "h", "i")
VALUES: tuple[object, ...] = (
    UUID(int=7),
    None,
    "سلمى",
    b"\x00\xff",
    -3,
    [1, -(2**63), 2**63 - 1],
    [],
    date(1890, 1, 1),
    datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC),
)
ROW = b"".join(
    (
        row_head(len(TYPES)),
        packed(UUID(int=7).bytes),
        packed_text(None),
        packed_text("سلمى"),
        packed(b"\x00\xff"),
        packed_int(-3),
        packed_bigints([1, -(2**63), 2**63 - 1]),
        packed_bigints([]),
        packed_date(date(1890, 1, 1)),
    )
)
LAST = packed_instant(datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC))


def test_a_packed_row_reads_as_it_was_written() -> None:
    assert unpack_row(ROW + LAST, TYPES) == VALUES
    assert unpack_row(ROW, TYPES) == VALUES[:-1]


async def test_postgres_reads_packed_rows_as_they_were_written(databases: DatabaseFactory) -> None:
    registry = await databases.make("registry")
    listed = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, TYPES, strict=True))
    async with registry.owner.transaction() as tx:
        await tx.execute(f"CREATE TEMP TABLE packed ({listed})".encode())
        await copy_packed_rows(tx, "packed", COLUMNS, [ROW] * 1_201, last_cell=LAST)
        rows = await fetch(tx, "SELECT *, count(*) OVER () AS rows FROM packed LIMIT 1")
    assert rows == [dict(zip(COLUMNS, VALUES, strict=True)) | {"rows": 1_201}]
