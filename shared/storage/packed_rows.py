"""Rows in PostgreSQL's binary COPY format, written by hand where the driver is too slow.

A row is the number of its cells in two bytes, then the cells; a cell is its length in four bytes,
then its bytes. Values are of the types that `unpack_row` lists.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from struct import Struct
from typing import Any
from uuid import UUID

NULL = b"\xff\xff\xff\xff"
LENGTH_BYTES = 4
COUNT_BYTES = 2
_INT = Struct("!i")
_BIGINT = Struct("!q")
_ARRAY_HEAD = Struct("!iiiii")
_BIGINT_OID = 20
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_DIMENSIONS = 12
"""Bytes of an empty array: how many dimensions, whether there are nulls, the type."""
_BIGINT_BYTES = 8


def row_head(cells: int) -> bytes:
    """Return what a row of so many cells begins with."""
    return cells.to_bytes(COUNT_BYTES, "big")


def packed(value: bytes) -> bytes:
    """Return the cell of bytes, of text in UTF-8, or of a uuid's 16 bytes."""
    return len(value).to_bytes(LENGTH_BYTES, "big") + value


def packed_text(text: str | None) -> bytes:
    """Return the cell of a text, or of NULL."""
    return NULL if text is None else packed(text.encode())


def packed_int(number: int) -> bytes:
    """Return the cell of an integer."""
    return packed(_INT.pack(number))


def packed_date(day: date) -> bytes:
    """Return the cell of a date."""
    return packed(_INT.pack(day.toordinal() - _EPOCH_DAY))


def packed_instant(instant: datetime) -> bytes:
    """Return the cell of an instant."""
    return packed(_BIGINT.pack((instant - _EPOCH) // _MICROSECOND))


def packed_bigints(numbers: Sequence[int]) -> bytes:
    """Return the cell of a `bigint[]`."""
    count = len(numbers)
    if not count:
        return packed(_ARRAY_HEAD.pack(0, 0, _BIGINT_OID, 0, 0)[:_NO_DIMENSIONS])
    cells = [_BIGINT_BYTES] * (2 * count)
    cells[1::2] = numbers
    return packed(_bigints_shape(count).pack(1, 0, _BIGINT_OID, count, 1, *cells))


@lru_cache(maxsize=64)
def _bigints_shape(count: int) -> Struct:
    return Struct("!iiiii" + "iq" * count)


def cells_of(row: bytes) -> list[bytes | None]:
    """Return the cells of a packed row, without their lengths."""
    cells: list[bytes | None] = []
    position = COUNT_BYTES
    while position < len(row):
        (length,) = _INT.unpack_from(row, position)
        position += LENGTH_BYTES
        cells.append(None if length < 0 else row[position : position + length])
        position += max(length, 0)
    return cells


def unpack_row(row: bytes, types: Sequence[str]) -> tuple[Any, ...]:
    """Return the values of a packed row, or of as many cells as it has.

    Args:
        row: The row.
        types: PostgreSQL's names of the columns' types.
    """
    cells = cells_of(row)
    return tuple(
        None if cell is None else _READERS[name](cell)
        for cell, name in zip(cells, types, strict=False)
    )


def _bigints(cell: bytes) -> list[int]:
    listed = cell[_ARRAY_HEAD.size :]
    step = LENGTH_BYTES + _BIGINT_BYTES
    starts = range(LENGTH_BYTES, len(listed), step)
    return [_BIGINT.unpack_from(listed, start)[0] for start in starts]


def _instant(cell: bytes) -> datetime:
    (microseconds,) = _BIGINT.unpack(cell)
    return _EPOCH + timedelta(microseconds=microseconds)


_READERS: Mapping[str, Callable[[bytes], Any]] = {
    "uuid": lambda cell: UUID(bytes=cell),
    "text": bytes.decode,
    "bytea": bytes,
    "integer": lambda cell: _INT.unpack(cell)[0],
    "bigint[]": _bigints,
    "date": lambda cell: date.fromordinal(_INT.unpack(cell)[0] + _EPOCH_DAY),
    "timestamp with time zone": _instant,
}
