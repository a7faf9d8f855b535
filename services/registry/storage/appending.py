"""Adding rows: a handful by one INSERT, many by COPY."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from psycopg import sql

from shared.storage.copy import copy_packed_rows
from shared.storage.database import Transaction
from shared.storage.packed_rows import (
    NULL,
    packed,
    packed_date,
    packed_instant,
    packed_int,
    packed_text,
    row_head,
)

FEW_ROWS_MAX = 200
"""More than any one declaration makes: its households have 30 members each at most."""
_DAYS_KEPT_MAX = 65_536
_WORDS_KEPT_MAX = 8_192
_JSONB_VERSION = b"\x01"
_TRUTHS = (packed(b"\x00"), packed(b"\x01"))

_packed_day: Callable[[date], bytes] = lru_cache(maxsize=_DAYS_KEPT_MAX)(packed_date)
_packed_word: Callable[[str], bytes] = lru_cache(maxsize=_WORDS_KEPT_MAX)(packed_text)
_packed_at = lru_cache(maxsize=1)(packed_instant)
_packed_number: Callable[[int], bytes] = lru_cache(maxsize=_WORDS_KEPT_MAX)(packed_int)

_PACKERS: Mapping[str, Callable[[Any], bytes]] = {
    "uuid": lambda value: packed(value.bytes),
    "text": _packed_word,
    "bytea": packed,
    "integer": _packed_number,
    "date": _packed_day,
    "boolean": lambda value: _TRUTHS[value],
    "jsonb": lambda value: packed(_JSONB_VERSION + value),
    "timestamp with time zone": _packed_at,
}


async def append_rows(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    types: Sequence[str],
) -> None:
    """Append rows to a table, whose every value is of its column's very type, JSON as bytes.

    PostgreSQL refuses COPY to roles that row-level security binds, as the api's; and on so few rows
    it saves nothing.
    """
    listed = list(rows)
    if len(listed) > FEW_ROWS_MAX:
        await copy_packed_rows(tx, table, columns, packed_rows(listed, types))
    elif listed:
        await _insert_rows(tx, table, columns, listed, types=types)


def packed_rows(rows: Sequence[Sequence[object]], types: Sequence[str]) -> list[bytes]:
    """Return rows as COPY takes them; the driver would need twice as long for each."""
    head = row_head(len(types))
    packers = [_PACKERS[name] for name in types]
    join = b"".join
    return [
        head
        + join(
            [
                NULL if value is None else pack(value)
                for pack, value in zip(packers, row, strict=True)
            ]
        )
        for row in rows
    ]


async def _insert_rows(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    types: Sequence[str],
) -> None:
    row = "(" + ", ".join(f"%s::{type_name}" for type_name in types) + ")"
    statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ".join([row] * len(rows))),
    )
    values = [
        value.decode() if type_name == "jsonb" and isinstance(value, bytes) else value
        for listed in rows
        for value, type_name in zip(listed, types, strict=True)
    ]
    await tx.execute(statement, values)
