"""Adding rows: a handful by one INSERT, many by COPY."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from typing import Any, TypeAlias
from uuid import UUID

from psycopg import sql

from shared.storage.copy import copy_packed_rows
from shared.storage.database import Transaction
from shared.storage.packed_rows import (
    LENGTH_BYTES,
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

PackColumn: TypeAlias = Callable[[Iterable[Any]], Iterable[bytes]]

_TRUTHS = {None: NULL, False: packed(b"\x00"), True: packed(b"\x01")}
_UUID_LENGTH = packed(bytes(16))[:LENGTH_BYTES]


def _remembered(pack: Callable[[Any], bytes], *, most: int) -> PackColumn:
    """Return what packs a column whose values come again and again."""
    known = lru_cache(maxsize=most)(lambda value: NULL if value is None else pack(value))
    return partial(map, known)


def _packed_uuids(ids: Iterable[UUID | None]) -> list[bytes]:
    return [NULL if one is None else _UUID_LENGTH + one.bytes for one in ids]


def _packed_bytes(values: Iterable[bytes | None]) -> list[bytes]:
    return [NULL if value is None else packed(value) for value in values]


def _packed_documents(documents: Iterable[bytes | None]) -> list[bytes]:
    return [NULL if text is None else packed(_JSONB_VERSION + text) for text in documents]


_PACKERS: Mapping[str, PackColumn] = {
    "uuid": _packed_uuids,
    "text": _remembered(packed_text, most=_WORDS_KEPT_MAX),
    "bytea": _packed_bytes,
    "integer": _remembered(packed_int, most=_WORDS_KEPT_MAX),
    "date": _remembered(packed_date, most=_DAYS_KEPT_MAX),
    "boolean": partial(map, _TRUTHS.__getitem__),
    "jsonb": _packed_documents,
    "timestamp with time zone": _remembered(packed_instant, most=1),
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
    """Return rows as COPY takes them; the driver would need four times as long for each.

    They are packed column by column: what a cell costs is a look-up without a call of Python's.
    """
    columns = zip(*rows, strict=True)
    cells = [_PACKERS[name](column) for name, column in zip(types, columns, strict=True)]
    return list(map(b"".join, zip(repeat(row_head(len(types))), *cells, strict=False)))


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
