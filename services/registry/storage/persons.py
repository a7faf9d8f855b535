"""Persons: current rows found by blind index, and versions that are only ever added."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.appending import FEW_ROWS_MAX, append_rows
from services.registry.storage.arrays import array_of_bytes
from services.registry.storage.packed_arrays import packed_bytes, take_packed_arrays
from services.registry.storage.tables import PersonRow, PersonVersionRow
from shared.storage.copy import column_names, column_types, copy_packed_rows
from shared.storage.database import Transaction
from shared.storage.packed_rows import packed_instant, unpack_row

VERSION_TABLE = "person_version"
_PERSON_COLUMNS = column_names(PersonRow)
_VERSION_COLUMNS = column_names(PersonVersionRow)
_PERSON_TYPES = column_types(PersonRow)
_VERSION_TYPES = column_types(PersonVersionRow)


class PersonHead(NamedTuple):
    """A person's current row, in the order of its columns."""

    person_id: UUID
    region_code: str
    province_code: str
    commune_code: str
    idcs_blind: bytes
    idcs_sealed: bytes
    document_blind: bytes | None
    search_tokens: list[int]
    birth_date: date
    sex: str
    status: str
    registered_on: date
    version: int
    content_digest: bytes
    seen_in: UUID


class PersonVersion(NamedTuple):
    """A version of a person, in the order of its columns."""

    person_id: UUID
    version: int
    version_id: UUID
    region_code: str
    province_code: str
    commune_code: str
    particulars_sealed: bytes
    sex: str
    birth_date: date
    birth_commune_code: str | None
    nationality: str
    status: str
    valid_from: date
    recorded_at: datetime


class StandingPerson(NamedTuple):
    """What must be known of a person to see whether a declaration changes them."""

    person_id: UUID
    region_code: str
    status: str
    version: int
    content_digest: bytes
    seen_in: UUID


class PlaceablePerson(NamedTuple):
    """What must be known of a person to place them in a household."""

    person_id: UUID
    commune_code: str
    birth_date: date
    sex: str
    status: str
    household_id: UUID | None


async def lock_persons(tx: Transaction, blinds: Sequence[bytes]) -> dict[bytes, StandingPerson]:
    """Return the persons with these blind indexes, locked in the order of their ids."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    take_packed_arrays(cursor)
    await cursor.execute(
        "SELECT idcs_blind, person_id, region_code, status, version, content_digest, seen_in"
        " FROM person WHERE idcs_blind = ANY(%(blinds)s) ORDER BY person_id FOR NO KEY UPDATE",
        {"blinds": packed_bytes(blinds)},
    )
    return {blind: StandingPerson(*known) for blind, *known in await cursor.fetchall()}


async def find_placeable_persons(
    tx: Transaction, blinds: Sequence[bytes]
) -> dict[bytes, PlaceablePerson]:
    """Return who the persons with these blind indexes are and where they live."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT person.idcs_blind, person_id, person.commune_code, person.birth_date, person.sex,
               person.status, residence.household_id
          FROM person
          LEFT JOIN residence USING (person_id)
         WHERE person.idcs_blind = ANY(%(blinds)s::bytea[])
        """,
        {"blinds": array_of_bytes(blinds)},
    )
    return {blind: PlaceablePerson(*known) for blind, *known in await cursor.fetchall()}


async def add_persons(tx: Transaction, rows: Sequence[bytes]) -> None:
    """Add persons who were not known, each a packed row."""
    if len(rows) > FEW_ROWS_MAX:
        await copy_packed_rows(tx, "person", _PERSON_COLUMNS, rows)
    else:
        values = [unpack_row(row, _PERSON_TYPES) for row in rows]
        await append_rows(tx, "person", _PERSON_COLUMNS, values, types=_PERSON_TYPES)


def person_head(row: bytes) -> PersonHead:
    """Return the values of a packed row."""
    return PersonHead(*unpack_row(row, _PERSON_TYPES))


async def advance_persons(tx: Transaction, heads: Sequence[PersonHead]) -> None:
    """Let the current rows of known persons stand for newer versions."""
    await tx.execute(
        """
        UPDATE person
           SET region_code = newer.region_code, province_code = newer.province_code,
               commune_code = newer.commune_code, document_blind = newer.document_blind,
               search_tokens = newer.search_tokens::bigint[], birth_date = newer.birth_date,
               sex = newer.sex, status = newer.status, version = newer.version,
               content_digest = newer.content_digest, seen_in = newer.seen_in
          FROM unnest(%(ids)s::uuid[], %(regions)s::text[], %(provinces)s::text[],
                      %(communes)s::text[], %(documents)s::bytea[], %(tokens)s::text[],
                      %(born)s::date[], %(sexes)s::text[], %(statuses)s::text[],
                      %(versions)s::int[], %(digests)s::bytea[], %(seen_in)s::uuid[])
               AS newer (person_id, region_code, province_code, commune_code, document_blind,
                         search_tokens, birth_date, sex, status, version, content_digest, seen_in)
         WHERE person.person_id = newer.person_id
        """,
        {
            "ids": [head.person_id for head in heads],
            "regions": [head.region_code for head in heads],
            "provinces": [head.province_code for head in heads],
            "communes": [head.commune_code for head in heads],
            "documents": [head.document_blind for head in heads],
            "tokens": [_array(head.search_tokens) for head in heads],
            "born": [head.birth_date for head in heads],
            "sexes": [head.sex for head in heads],
            "statuses": [head.status for head in heads],
            "versions": [head.version for head in heads],
            "digests": array_of_bytes([head.content_digest for head in heads]),
            "seen_in": [head.seen_in for head in heads],
        },
    )


def _array(tokens: Sequence[int]) -> str:
    """Return tokens as PostgreSQL writes an array: arrays of arrays must be of one length."""
    return "{" + ",".join(map(str, tokens)) + "}"


async def mark_persons_seen(tx: Transaction, person_ids: Sequence[UUID], *, job_id: UUID) -> None:
    """Remember that a file named these persons, so that it cannot do so twice."""
    await tx.execute(
        "UPDATE person SET seen_in = %(job_id)s WHERE person_id = ANY(%(ids)s)",
        {"job_id": job_id, "ids": list(person_ids)},
    )


async def add_person_versions(
    tx: Transaction, rows: Sequence[bytes], *, recorded_at: datetime
) -> None:
    """Add versions, packed but for the instant of recording; none is ever changed."""
    if len(rows) > FEW_ROWS_MAX:
        last = packed_instant(recorded_at)
        await copy_packed_rows(tx, VERSION_TABLE, _VERSION_COLUMNS, rows, last_cell=last)
    else:
        values = [(*unpack_row(row, _VERSION_TYPES), recorded_at) for row in rows]
        await append_rows(tx, VERSION_TABLE, _VERSION_COLUMNS, values, types=_VERSION_TYPES)


async def read_person_version(
    tx: Transaction, person_id: UUID, *, valid_on: date, known_at: datetime
) -> tuple[PersonVersion, UUID | None] | None:
    """Return the version of a person true on a day as known at an instant.

    The second value is the household that the person lives in now.
    """
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        f"""
        SELECT {", ".join(f"person_version.{column}" for column in _VERSION_COLUMNS)},
               residence.household_id
          FROM person_version LEFT JOIN residence USING (person_id)
         WHERE person_id = %(person_id)s
           AND valid_from <= %(valid_on)s AND recorded_at <= %(known_at)s
           AND EXISTS (SELECT FROM person WHERE person_id = %(person_id)s)
         ORDER BY valid_from DESC, version DESC LIMIT 1
        """,  # noqa: S608 -- our own column names
        {"person_id": person_id, "valid_on": valid_on, "known_at": known_at},
    )
    row: dict[str, Any] | None = await cursor.fetchone()
    if row is None:
        return None
    household_id = row.pop("household_id")
    return PersonVersion(**row), household_id
