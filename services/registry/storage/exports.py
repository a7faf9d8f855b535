"""Exports: what was asked for, the lines written so far, and whom they disclose."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.tables import ExportJobRow
from shared.storage.copy import column_names
from shared.storage.database import EVERYTHING, Transaction

BLOCK_TABLE = "export_block"
BODY_COLUMN = "body_sealed"
Kind: TypeAlias = Literal["persons", "households"]
_COLUMNS = column_names(ExportJobRow)
_FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A request for many records and how far it is written."""

    export_id: UUID
    client: str
    purpose: str
    kind: Kind
    regions: list[str]
    province_code: str | None
    attributes: list[str]
    identifier: str
    valid_on: date
    known_at: datetime
    state: str
    failure_code: str | None
    last_id: UUID | None
    """The last subject written; they follow one another by id."""
    blocks: int
    lines: int
    created_at: datetime
    completed_at: datetime | None


class ExportedPerson(NamedTuple):
    """A person as they were on the day asked about."""

    person_id: UUID
    region_code: str
    commune_code: str
    idcs_sealed: bytes
    version_id: UUID
    particulars_sealed: bytes
    sex: str
    birth_date: date
    birth_commune_code: str | None
    nationality: str
    status: str
    household_id: UUID | None


class ExportedHousehold(NamedTuple):
    """A household as it was on the day asked about, and its members."""

    household_id: UUID
    region_code: str
    commune_code: str
    milieu: str
    facts: dict[str, Any]
    members: list[dict[str, Any]]
    """Each with `person_id`, `idcs_sealed` in hexadecimal, what they are to the head, and facts."""


async def add_export(tx: Transaction, job: ExportJob) -> None:
    """Keep a request until the worker comes to it."""
    await tx.execute(
        """
        INSERT INTO export_job (export_id, client, purpose, kind, regions, province_code,
                                attributes, identifier, valid_on, known_at, state, created_at)
        VALUES (%(export_id)s, %(client)s, %(purpose)s, %(kind)s, %(regions)s, %(province_code)s,
                %(attributes)s, %(identifier)s, %(valid_on)s, %(known_at)s, %(state)s,
                %(created_at)s)
        """,
        {name: getattr(job, name) for name in _COLUMNS},
    )


async def read_export(tx: Transaction, export_id: UUID) -> ExportJob | None:
    """Return an export, if there is one of this id."""
    return await _one(tx, b"WHERE export_id = %(id)s", {"id": export_id})


async def next_unfinished_export(tx: Transaction) -> ExportJob | None:
    """Return the oldest export that is not written, locked; one that another writes is passed."""
    rule = (
        b"WHERE state IN ('requested', 'writing')"
        b" ORDER BY created_at, export_id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return await _one(tx, rule, {})


async def _one(tx: Transaction, rule: bytes, values: dict[str, object]) -> ExportJob | None:
    columns = ", ".join(_COLUMNS).encode()
    cursor = await tx.execute(b"SELECT " + columns + b" FROM export_job " + rule, values)
    row = await cursor.fetchone()
    return None if row is None else ExportJob(**row)


async def next_persons(tx: Transaction, job: ExportJob, *, limit: int) -> list[ExportedPerson]:
    """Return the next persons of an export, as they were on its day and known at its instant."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT person.person_id, person.region_code, as_then.commune_code, person.idcs_sealed,
               as_then.version_id, as_then.particulars_sealed, as_then.sex, as_then.birth_date,
               as_then.birth_commune_code, as_then.nationality, as_then.status,
               residence.household_id
          FROM person
          JOIN LATERAL (SELECT * FROM person_version AS version
                         WHERE version.person_id = person.person_id
                           AND valid_from <= %(valid_on)s AND recorded_at <= %(known_at)s
                         ORDER BY valid_from DESC, version DESC LIMIT 1) AS as_then ON true
          LEFT JOIN residence ON residence.person_id = person.person_id
         WHERE person.person_id > %(last_id)s
           AND (%(everywhere)s OR person.region_code = ANY(%(regions)s))
           AND (%(province)s::text IS NULL OR person.province_code = %(province)s)
         ORDER BY person.person_id LIMIT %(limit)s
        """,
        _asked(job, limit),
    )
    return [ExportedPerson(*row) for row in await cursor.fetchall()]


async def next_households(
    tx: Transaction, job: ExportJob, *, limit: int
) -> list[ExportedHousehold]:
    """Return the next households of an export, as they were on its day."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT household.household_id, household.region_code, as_then.commune_code,
               as_then.milieu, as_then.facts, listed.members
          FROM household
          JOIN LATERAL (SELECT * FROM household_version AS version
                         WHERE version.household_id = household.household_id
                           AND valid_from <= %(valid_on)s AND recorded_at <= %(known_at)s
                         ORDER BY valid_from DESC, version DESC LIMIT 1) AS as_then ON true
         CROSS JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object(
                          'person_id', member.person_id,
                          'idcs_sealed', encode(person.idcs_sealed, 'hex'),
                          'kinship', member.kinship, 'head', member.head,
                          'declarant', member.declarant, 'facts', member.facts)
                          ORDER BY member.person_id) AS members
                 FROM household_member AS member JOIN person USING (person_id)
                WHERE member.household_id = as_then.household_id
                  AND member.version = as_then.version) AS listed
         WHERE household.household_id > %(last_id)s AND listed.members IS NOT NULL
           AND (%(everywhere)s OR household.region_code = ANY(%(regions)s))
           AND (%(province)s::text IS NULL OR as_then.province_code = %(province)s)
         ORDER BY household.household_id LIMIT %(limit)s
        """,
        _asked(job, limit),
    )
    return [ExportedHousehold(*row) for row in await cursor.fetchall()]


def _asked(job: ExportJob, limit: int) -> dict[str, object]:
    return {
        "valid_on": job.valid_on,
        "known_at": job.known_at,
        "last_id": job.last_id or _FIRST_ID,
        "everywhere": EVERYTHING in job.regions,
        "regions": job.regions,
        "province": job.province_code,
        "limit": limit,
    }


async def add_export_block(
    tx: Transaction,
    job: ExportJob,
    *,
    block_id: UUID,
    lines: int,
    body_sealed: bytes,
    last_id: UUID,
) -> None:
    """Keep the next lines of an export."""
    await tx.execute(
        "INSERT INTO export_block (export_id, number, block_id, lines, body_sealed)"
        " VALUES (%s, %s, %s, %s, %s)",
        (job.export_id, job.blocks, block_id, lines, body_sealed),
        binary=True,
    )
    await tx.execute(
        "UPDATE export_job SET state = 'writing', blocks = blocks + 1, lines = lines + %(lines)s,"
        " last_id = %(last_id)s WHERE export_id = %(id)s",
        {"lines": lines, "last_id": last_id, "id": job.export_id},
    )


async def complete_export(tx: Transaction, export_id: UUID, *, at: datetime) -> None:
    """Let a wholly written export be read."""
    await tx.execute(
        "UPDATE export_job SET state = 'completed', completed_at = %(at)s WHERE export_id = %(id)s",
        {"at": at, "id": export_id},
    )


async def read_export_block(
    tx: Transaction, export_id: UUID, *, number: int
) -> tuple[UUID, bytes] | None:
    """Return the id and the sealed lines of a block, if it is still kept."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        "SELECT block_id, body_sealed FROM export_block"
        " WHERE export_id = %(id)s AND number = %(number)s",
        {"id": export_id, "number": number},
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], bytes(row[1]))


async def forget_old_exports(tx: Transaction, *, before: datetime) -> int:
    """Remove the lines of exports completed before an instant; who was disclosed stays logged."""
    cursor = await tx.execute(
        "UPDATE export_job SET state = 'forgotten'"
        " WHERE state = 'completed' AND completed_at < %(before)s RETURNING export_id",
        {"before": before},
    )
    ids = [row["export_id"] for row in await cursor.fetchall()]
    if ids:
        await tx.execute("DELETE FROM export_block WHERE export_id = ANY(%(ids)s)", {"ids": ids})
    return len(ids)
