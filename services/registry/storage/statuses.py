"""Versions of persons that change nothing but their status."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.appending import append_rows
from services.registry.storage.persons import VERSION_TABLE, PersonVersion
from services.registry.storage.tables import PersonVersionRow
from shared.storage.copy import column_names, column_types
from shared.storage.database import Transaction

_COLUMNS = column_names(PersonVersionRow)
_TYPES = column_types(PersonVersionRow)


async def read_current_version(tx: Transaction, person_id: UUID) -> PersonVersion:
    """Return the current version of a person who is known to be on file."""
    cursor = tx.cursor(row_factory=tuple_row)
    columns = ", ".join(f"person_version.{column}" for column in _COLUMNS)
    await cursor.execute(
        f"SELECT {columns} FROM person JOIN person_version USING (person_id, version)"  # noqa: S608 -- our own names
        " WHERE person_id = %(person_id)s",
        {"person_id": person_id},
    )
    (row,) = await cursor.fetchall()
    return PersonVersion(*row)


async def add_status_versions(tx: Transaction, versions: Sequence[PersonVersion]) -> None:
    """Keep versions that differ from the ones before in status alone."""
    await append_rows(tx, VERSION_TABLE, _COLUMNS, versions, types=_TYPES)


async def advance_status(
    tx: Transaction, version: PersonVersion, *, content_digest: bytes, seen_in: UUID
) -> None:
    """Let the current row of a person stand for a newer version."""
    await tx.execute(
        "UPDATE person SET status = %(status)s, version = %(version)s,"
        " content_digest = %(content_digest)s, seen_in = %(seen_in)s"
        " WHERE person_id = %(person_id)s",
        {
            "person_id": version.person_id,
            "status": version.status,
            "version": version.version,
            "content_digest": content_digest,
            "seen_in": seen_in,
        },
    )


async def latest_day(tx: Transaction, person_id: UUID) -> date:
    """Return the first day of the version of a person that begins last."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT max(valid_from) FROM person_version WHERE person_id = %(person_id)s",
        {"person_id": person_id},
    )
    ((day,),) = await cursor.fetchall()
    first: date = day
    return first
