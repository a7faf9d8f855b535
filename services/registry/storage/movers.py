"""Persons whose own record stands in another commune than the household they are declared in."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.appending import append_rows
from services.registry.storage.packed_arrays import packed_uuids, take_packed_arrays
from services.registry.storage.persons import VERSION_TABLE, PersonVersion
from services.registry.storage.tables import PersonVersionRow
from shared.storage.copy import column_names, column_types
from shared.storage.database import Transaction

_COLUMNS = column_names(PersonVersionRow)
_TYPES = column_types(PersonVersionRow)


class StandingVersion(NamedTuple):
    """A person's current version, and the day on which the one that begins last begins."""

    version: PersonVersion
    latest_day: date


async def lock_standing_versions(
    tx: Transaction, person_ids: Sequence[UUID]
) -> list[StandingVersion]:
    """Hold persons, and return their current versions; the transaction must see every region.

    Nobody is waited for: the households are held by now, and persons come before households.

    Raises:
        LockNotAvailable: Another transaction holds one of them.
    """
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    take_packed_arrays(cursor)
    parameters = {"ids": packed_uuids([person_id.bytes for person_id in person_ids])}
    await cursor.execute(
        "SELECT 1 FROM person WHERE person_id = ANY(%(ids)s) FOR NO KEY UPDATE NOWAIT",
        parameters,
    )
    # Read only once they are locked: whoever held them may have moved them.
    columns = ", ".join(f"current.{column}" for column in _COLUMNS)
    await cursor.execute(
        f"""
        SELECT (SELECT max(valid_from) FROM person_version AS earlier
                 WHERE earlier.person_id = person.person_id), {columns}
          FROM person JOIN person_version AS current USING (person_id, version)
         WHERE person.person_id = ANY(%(ids)s)
        """,  # noqa: S608 -- our own column names
        parameters,
    )
    rows = await cursor.fetchall()
    return [StandingVersion(PersonVersion(*row), latest_day) for latest_day, *row in rows]


async def add_moved_versions(tx: Transaction, versions: Sequence[PersonVersion]) -> None:
    """Keep versions that say only where persons live now, and let their current rows say so too.

    What their last declaration said stays noted: the same words again are no news, and so move
    nobody back.
    """
    if not versions:
        return
    await append_rows(tx, VERSION_TABLE, _COLUMNS, versions, types=_TYPES)
    await tx.execute(
        """
        UPDATE person
           SET region_code = newer.region_code, province_code = newer.province_code,
               commune_code = newer.commune_code, version = newer.version
          FROM unnest(%(ids)s::uuid[], %(regions)s::text[], %(provinces)s::text[],
                      %(communes)s::text[], %(versions)s::int[])
               AS newer (person_id, region_code, province_code, commune_code, version)
         WHERE person.person_id = newer.person_id
        """,
        {
            "ids": [version.person_id for version in versions],
            "regions": [version.region_code for version in versions],
            "provinces": [version.province_code for version in versions],
            "communes": [version.commune_code for version in versions],
            "versions": [version.version for version in versions],
        },
    )
