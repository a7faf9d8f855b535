"""Persons whom files let die, until their households have gone on without them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from psycopg.rows import tuple_row

from shared.storage.database import Transaction

DECEASED_TAKEN_MAX = 500
DECEASED_BY = """
    CASE WHEN person.status = 'deceased' THEN coalesce(
        (SELECT min(told.valid_from) FROM person_version AS told
          WHERE told.person_id = person.person_id
            AND told.version > (SELECT max(alive.version) FROM person_version AS alive
                                 WHERE alive.person_id = person.person_id
                                   AND alive.status <> 'deceased')),
        person.registered_on) END
"""
"""What a query of `person` selects to have a day on which somebody was dead; null if they live.

They may have died before: the registry counts a death from the day that it was told by a file.
"""


async def make_deceased_due(
    tx: Transaction, person_ids: Sequence[UUID], *, job_id: UUID, on: date
) -> None:
    """Remember who of these persons lives in a household, until the file that tells it is applied.

    Args:
        tx: The open transaction.
        person_ids: Those who became deceased.
        job_id: The file.
        on: The day from which they count as deceased.
    """
    await tx.execute(
        """
        INSERT INTO deceased_due (person_id, region_code, job_id, effective_on)
        SELECT person_id, region_code, %(job_id)s, %(on)s
          FROM residence WHERE person_id = ANY(%(ids)s)
            ON CONFLICT (person_id) DO UPDATE
           SET region_code = excluded.region_code, job_id = excluded.job_id,
               effective_on = excluded.effective_on
        """,
        {"ids": list(person_ids), "job_id": job_id, "on": on},
    )


async def find_deceased(tx: Transaction) -> list[UUID]:
    """Return at most `DECEASED_TAKEN_MAX` deceased of applied files.

    What a file says of households comes after its persons and may be older than the day it
    arrived: it takes effect first.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT person_id FROM deceased_due JOIN import_job USING (job_id)
         WHERE import_job.state = 'completed'
         ORDER BY person_id LIMIT %(limit)s
        """,
        {"limit": DECEASED_TAKEN_MAX},
    )
    return [person_id for (person_id,) in await cursor.fetchall()]


async def take_deceased(
    tx: Transaction, person_ids: Sequence[UUID], *, homes: Sequence[UUID]
) -> dict[UUID, date]:
    """Take those of the deceased whom nobody has, and return since when they count so.

    Args:
        tx: The open transaction; it must see every region.
        person_ids: The deceased.
        homes: Households that are held; whoever lives in another by now stays due.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        DELETE FROM deceased_due
         WHERE person_id IN (
               SELECT person_id FROM deceased_due AS due
                WHERE person_id = ANY(%(ids)s)
                  AND NOT EXISTS (SELECT FROM residence
                                   WHERE residence.person_id = due.person_id
                                     AND household_id <> ALL(%(homes)s::uuid[]))
                  FOR UPDATE SKIP LOCKED)
        RETURNING person_id, effective_on
        """,
        {"ids": list(person_ids), "homes": list(homes)},
    )
    return dict(await cursor.fetchall())


async def lock_residents(tx: Transaction, household_ids: Sequence[UUID]) -> None:
    """Hold everybody who lives in these households, before the households are held."""
    await tx.execute(
        "SELECT 1 FROM person JOIN residence USING (person_id)"
        " WHERE residence.household_id = ANY(%(ids)s)"
        " ORDER BY person_id FOR NO KEY UPDATE OF person",
        {"ids": list(household_ids)},
    )
