"""Rows about persons, packed as COPY takes them: a national file writes forty million of them.

The order of the cells is that of the columns; a test holds every packed row against the tables.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import DeclaredPerson
from services.registry.domain.territory import communes
from services.registry.storage.tables import PersonRow, PersonVersionRow
from shared.storage.copy import column_names
from shared.storage.packed_rows import (
    LENGTH_BYTES,
    NULL,
    packed,
    packed_bigints,
    packed_date,
    packed_int,
    packed_text,
    row_head,
)

PERSON_COLUMNS = column_names(PersonRow)
VERSION_COLUMNS = column_names(PersonVersionRow)
_PERSON_HEAD = row_head(len(PERSON_COLUMNS))
_VERSION_HEAD = row_head(len(VERSION_COLUMNS))
_FIRST = packed_int(1)
_ID_AT = slice(6, 22)
_VERSION_AT = slice(22, 30)
"""In a version's row: after the row's head and the person's id, the cell of the version."""
_DATE_CELL_BYTES = 8
_DAYS_KEPT_MAX = 65_536
_WORDS_KEPT_MAX = 8_192

_ID_LENGTH = packed(bytes(16))[:LENGTH_BYTES]
_BLIND_LENGTH = packed(bytes(32))[:LENGTH_BYTES]

_packed_day: Callable[[date], bytes] = lru_cache(maxsize=_DAYS_KEPT_MAX)(packed_date)
_packed_word: Callable[[str | None], bytes] = lru_cache(maxsize=_WORDS_KEPT_MAX)(packed_text)


@lru_cache(maxsize=_WORDS_KEPT_MAX)
def _packed_territory(commune_code: str) -> bytes:
    commune = communes()[commune_code]
    codes = (commune.region_code, commune.province_code, commune.commune_code)
    return b"".join([packed_text(code) for code in codes])


class SealedPerson(NamedTuple):
    """What of a person is stored in no readable form, and the ids it is bound to."""

    person_id: bytes
    version_id: bytes
    idcs_blind: bytes
    idcs_sealed: bytes
    document_blind: bytes | None
    search_tokens: list[int]
    particulars_sealed: bytes
    content_digest: bytes


class PersonPacker:
    """Packs persons as if nobody knew them: whoever is known is patched afterwards."""

    def __init__(self, *, registered_on: date, seen_in: UUID) -> None:
        """Pack what is the same for everybody."""
        self._known_since = packed_date(registered_on) + _FIRST
        self._seen_in = packed(seen_in.bytes)

    def rows(self, person: DeclaredPerson, stored: SealedPerson) -> tuple[bytes, bytes]:
        """Return a new person's current row, and their first version, true since birth.

        The version lacks its last cell, `recorded_at`: the instant is known when it is written,
        which may be in another process.
        """
        person_id = _ID_LENGTH + stored.person_id
        territory = _packed_territory(person.commune.commune_code)
        born, sex = _packed_day(person.birth_date), _packed_word(person.sex)
        status, document = _packed_word(person.status), stored.document_blind
        current = (
            _PERSON_HEAD,
            person_id,
            territory,
            _BLIND_LENGTH,
            stored.idcs_blind,
            packed(stored.idcs_sealed),
            NULL if document is None else _BLIND_LENGTH + document,
            packed_bigints(stored.search_tokens),
            born,
            sex,
            status,
            self._known_since,
            _BLIND_LENGTH,
            stored.content_digest,
            self._seen_in,
        )
        version = (
            _VERSION_HEAD,
            person_id,
            _FIRST,
            _ID_LENGTH,
            stored.version_id,
            territory,
            packed(stored.particulars_sealed),
            sex,
            born,
            _packed_word(person.birth_commune),
            _packed_word(person.nationality),
            status,
            born,
        )
        return b"".join(current), b"".join(version)


def later_version(row: bytes, person_id: UUID, *, version: int, valid_from: date) -> bytes:
    """Return the row of a first version as a later version of somebody who is known."""
    return b"".join(
        (
            row[: _ID_AT.start],
            person_id.bytes,
            packed_int(version),
            row[_VERSION_AT.stop : -_DATE_CELL_BYTES],
            packed_date(valid_from),
        )
    )


def person_id_of(row: bytes) -> UUID:
    """Return whom a packed row is about."""
    return UUID(bytes=row[_ID_AT])
