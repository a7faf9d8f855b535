"""Guardianships: versions of who answers for whom."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.guardianship import GENERATIONS_MAX, Above
from services.registry.storage.appending import append_rows
from services.registry.storage.deceased import DECEASED_BY
from services.registry.storage.tables import GuardianshipRow
from shared.storage.copy import column_names, column_types
from shared.storage.database import Transaction

GUARDIANSHIP_TABLE = "guardianship"
_COLUMNS = column_names(GuardianshipRow)
_TYPES = column_types(GuardianshipRow)
_WRITERS_LOCK = 7_236_231_002


class Guardianship(NamedTuple):
    """A version of a guardianship, in the order of its columns."""

    guardianship_id: UUID
    version: int
    region_code: str
    person_id: UUID
    guardian_id: UUID
    relation: str
    valid_from: date
    valid_to: date | None
    """The last day; None while nobody has ended it."""
    evidence_kind: str
    evidence_sealed: bytes | None
    client: str
    recorded_at: datetime


async def hold_guardianships(tx: Transaction) -> None:
    """Let one transaction at a time record guardianships, so that two cannot close a cycle."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS_LOCK,))


async def add_guardianships(tx: Transaction, versions: Sequence[Guardianship]) -> None:
    """Keep versions; none is ever changed."""
    await append_rows(tx, GUARDIANSHIP_TABLE, _COLUMNS, versions, types=_TYPES)


class Ward(NamedTuple):
    """Somebody whom others answer for."""

    region_code: str
    birth_date: date
    deceased_by: date | None
    """A day on which they were dead; None if they live."""


async def read_ward(tx: Transaction, person_id: UUID) -> Ward | None:
    """Return what must be known of a person to name their guardians."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"SELECT region_code, birth_date, {DECEASED_BY} FROM person"  # noqa: S608 -- our own expression
        " WHERE person_id = %(person_id)s",
        {"person_id": person_id},
    )
    row = await cursor.fetchone()
    return None if row is None else Ward(*row)


async def guardianships_between(
    tx: Transaction,
    person_id: UUID,
    *,
    begun: date,
    ended: date | None,
    known_at: datetime | None = None,
) -> list[Guardianship]:
    """Return who answers for a person on some day of a period, the first of them first.

    Args:
        tx: The open transaction; whoever judges by what is returned must see every region.
        person_id: The person.
        begun: The first day of the period.
        ended: Its last day; None if none is known.
        known_at: As known at an instant; None stands for now.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT {", ".join(_COLUMNS)}
          FROM (SELECT DISTINCT ON (guardianship_id) * FROM guardianship
                 WHERE person_id = %(person_id)s
                   AND recorded_at <= coalesce(%(known_at)s::timestamptz, 'infinity')
                 ORDER BY guardianship_id, version DESC) AS latest
         WHERE valid_from <= coalesce(%(ended)s::date, 'infinity')
           AND coalesce(valid_to, 'infinity') >= %(begun)s
         ORDER BY valid_from, guardianship_id
        """,  # noqa: S608 -- our own column names
        {"person_id": person_id, "begun": begun, "ended": ended, "known_at": known_at},
    )
    return [Guardianship(*row) for row in await cursor.fetchall()]


async def read_guardianship(
    tx: Transaction, guardianship_id: UUID, *, person_id: UUID
) -> Guardianship | None:
    """Return the latest version of a person's guardianship."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM guardianship"  # noqa: S608 -- our own column names
        " WHERE guardianship_id = %(guardianship_id)s AND person_id = %(person_id)s"
        " ORDER BY version DESC LIMIT 1",
        {"guardianship_id": guardianship_id, "person_id": person_id},
    )
    row = await cursor.fetchone()
    return None if row is None else Guardianship(*row)


async def everybody_above(
    tx: Transaction, person_id: UUID, *, begun: date, ended: date | None
) -> Above:
    """Return the guardians of a person, theirs, and so on, who all act at one instant of a period.

    Each step up keeps the days that all guardianships so far have in common; where none is left,
    the way ends, as it does after `GENERATIONS_MAX` steps.

    Args:
        tx: The open transaction; it must see every region.
        person_id: The person.
        begun: The first day of the period.
        ended: Its last day; None if none is known.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        WITH RECURSIVE above (person_id, generation, begun, ended) AS (
            SELECT %(person_id)s::uuid, 0, %(begun)s::date, coalesce(%(ended)s::date, 'infinity')
            UNION
            SELECT link.guardian_id, above.generation + 1, greatest(above.begun, link.valid_from),
                   least(above.ended, coalesce(link.valid_to, 'infinity'))
              FROM above
              JOIN guardianship AS link ON link.person_id = above.person_id
             WHERE above.generation < %(generations_max)s
               AND link.valid_from <= above.ended
               AND coalesce(link.valid_to, 'infinity') >= above.begun
               AND NOT EXISTS (SELECT FROM guardianship AS later
                                WHERE later.guardianship_id = link.guardianship_id
                                  AND later.version > link.version)
        )
        SELECT person_id, max(generation) FROM above WHERE generation > 0 GROUP BY person_id
        """,
        {
            "person_id": person_id,
            "begun": begun,
            "ended": ended,
            "generations_max": GENERATIONS_MAX,
        },
    )
    generation_of: dict[UUID, int] = dict(await cursor.fetchall())
    return Above(frozenset(generation_of), max(generation_of.values(), default=0))


async def births_of(tx: Transaction, mother_id: UUID, *, besides: UUID) -> tuple[date, ...]:
    """Return when the children were born whose mother somebody is on file as.

    By the births that were declared, and by guardianships; one that has ended counts no more, since
    what was recorded in error is ended.

    Args:
        tx: The open transaction; it must see every region, and hold the mother.
        mother_id: The mother.
        besides: A child that is left out.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        WITH child (person_id) AS (
            SELECT newborn.person_id
              FROM declaration_subject AS mother
              JOIN declaration_subject AS newborn USING (declaration_id)
             WHERE mother.person_id = %(mother_id)s AND mother.part = 'mother'
               AND newborn.part = 'newborn'
             UNION
            SELECT person_id FROM guardianship
             WHERE guardian_id = %(mother_id)s AND relation = 'mother'
        )
        SELECT person.birth_date FROM child JOIN person USING (person_id)
         WHERE person_id <> %(besides)s
           AND NOT EXISTS (SELECT FROM guardianship AS ended
                            WHERE ended.person_id = person.person_id
                              AND ended.guardian_id = %(mother_id)s
                              AND ended.relation = 'mother' AND ended.valid_to IS NOT NULL)
        """,
        {"mother_id": mother_id, "besides": besides},
    )
    return tuple(born for (born,) in await cursor.fetchall())
