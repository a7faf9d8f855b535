"""Rows in bulk: COPY from memory, with columns declared once in the table classes."""

from collections.abc import Collection, Iterable, Sequence

from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.postgres import types as postgres_types
from psycopg.pq import Format
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel
from typing_extensions import override

from shared.storage.database import Transaction

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
_JSONB_VERSION = b"\x01"
_PACKED_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_PACKED_END = b"\xff\xff"
_PACKED_ROWS_AT_ONCE = 500


class _WrittenJson(Dumper):
    """Takes the bytes of a JSON document as they are; the driver's own would quote them."""

    format = Format.BINARY
    oid = postgres_types["jsonb"].oid

    @override
    def dump(self, obj: bytes) -> bytes:
        return _JSONB_VERSION + obj


def column_names(table: type[SQLModel], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return the columns of a table class in their declared order."""
    columns = table.__table__.columns  # type: ignore[attr-defined] # made by SQLModel at run time
    return tuple(column.name for column in columns if column.name not in without)


def column_types(table: type[SQLModel], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return PostgreSQL's names of the columns' types, in the order of `column_names`."""
    columns = table.__table__.columns  # type: ignore[attr-defined] # made by SQLModel at run time
    return tuple(
        column.type.compile(dialect=_DIALECT).lower()
        for column in columns
        if column.name not in without
    )


async def copy_rows(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    types: Sequence[str] = (),
) -> int:
    """Append rows to a table by COPY and return how many there were.

    Args:
        tx: The open transaction.
        table: Table (or temporary table) name.
        columns: Column names, in the order of each row's values.
        rows: The values; None is NULL.
        types: The type of every column. Given these, rows travel in PostgreSQL's binary format,
            which costs a sixth of writing text; every value must then be of its column's very
            type, and JSON be written already, as bytes.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL("(FORMAT BINARY)" if types else ""),
    )
    count = 0
    async with tx.cursor() as cursor:
        if types:
            cursor.adapters.register_dumper(None, _WrittenJson)
        async with cursor.copy(statement) as copy:
            if types:
                copy.set_types(types)
            for row in rows:
                await copy.write_row(row)
                count += 1
    return count


async def copy_packed_rows(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    rows: Sequence[bytes],
    *,
    last_cell: bytes = b"",
) -> None:
    """Append rows that are written already as `shared.storage.packed_rows` does.

    Args:
        tx: The open transaction.
        table: Table name.
        columns: Column names, in the order of each row's cells.
        rows: The packed rows.
        last_cell: The packed cell of the last column, if it is the same for all and not in them.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write(_PACKED_BEGIN)
        for start in range(0, len(rows), _PACKED_ROWS_AT_ONCE):
            some = rows[start : start + _PACKED_ROWS_AT_ONCE]
            await copy.write(last_cell.join(some) + last_cell)
        await copy.write(_PACKED_END)
