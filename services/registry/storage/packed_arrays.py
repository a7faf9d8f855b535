"""Arrays as PostgreSQL's binary protocol writes them, made in one go.

Why: the driver adapts every element of a list by itself, which for the thousand rows of a batch
takes longer than the statement does.
"""

from collections.abc import Sequence
from struct import Struct

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format
from typing_extensions import override

_HEAD = Struct("!iiiii")
_NULL = b"\xff\xff\xff\xff"
_LENGTH = Struct("!i").pack
_SIXTEEN = _LENGTH(16)
_FIRST_INDEX = 1


class PackedUuids(bytes):
    """A `uuid[]` without dimensions but one."""

    __slots__ = ()


class PackedTexts(bytes):
    """A `text[]`."""

    __slots__ = ()


class PackedBytes(bytes):
    """A `bytea[]`."""

    __slots__ = ()


class _AsItIs(Dumper):
    format = Format.BINARY

    @override
    def dump(self, obj: bytes) -> bytes:
        return obj


class _UuidsAsTheyAre(_AsItIs):
    oid = types["uuid"].array_oid


class _TextsAsTheyAre(_AsItIs):
    oid = types["text"].array_oid


class _BytesAsTheyAre(_AsItIs):
    oid = types["bytea"].array_oid


def take_packed_arrays(context: AdaptContext) -> None:
    """Let a cursor take packed arrays as parameters."""
    context.adapters.register_dumper(PackedUuids, _UuidsAsTheyAre)
    context.adapters.register_dumper(PackedTexts, _TextsAsTheyAre)
    context.adapters.register_dumper(PackedBytes, _BytesAsTheyAre)


def packed_uuids(values: Sequence[bytes | None]) -> PackedUuids:
    """Return the array of these ids, each as its 16 bytes."""
    cells = [_NULL if value is None else _SIXTEEN + value for value in values]
    return PackedUuids(_packed("uuid", cells, nulls=None in values))


def packed_texts(values: Sequence[str]) -> PackedTexts:
    """Return the array of these texts; each is packed once, however often it comes."""
    cells = {value: _cell(value.encode()) for value in set(values)}
    return PackedTexts(_packed("text", [cells[value] for value in values]))


def packed_bytes(values: Sequence[bytes]) -> PackedBytes:
    """Return the array of these byte strings."""
    return PackedBytes(_packed("bytea", [_cell(value) for value in values]))


def _cell(value: bytes) -> bytes:
    return _LENGTH(len(value)) + value


def _packed(element: str, cells: Sequence[bytes], *, nulls: bool = False) -> bytes:
    head = _HEAD.pack(1, nulls, types[element].oid, len(cells), _FIRST_INDEX)
    return head + b"".join(cells)
