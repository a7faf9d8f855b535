"""Attestations: what other administrations say of persons, and whose households must hear of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.arrays import array_of_bytes
from services.registry.storage.deceased import DECEASED_BY
from services.registry.storage.packed_arrays import packed_uuids, take_packed_arrays
from shared.storage.database import Transaction

DUE_PERSONS_MAX = 500


class Attestation(NamedTuple):
    """What a source says of a fact from a day on; `value` is JSON."""

    person_id: UUID
    source: str
    fact: str
    valid_from: date
    region_code: str
    value: bytes
    valid_to: date | None
    """The last day on which it is true."""
    reported_in: UUID
    recorded_at: datetime


class AttestedFact(NamedTuple):
    """A fact as it is told to others, in the order of an event's fields."""

    person_id: UUID
    fact: str
    value: Any
    source: str
    valid_from: date
    valid_to: date | None


class KeptAttestation(NamedTuple):
    """An attestation that said something new."""

    person_id: UUID
    region_code: str
    valid_from: date
    valid_to: date | None


class ReportedPerson(NamedTuple):
    """Somebody whom a report names."""

    person_id: UUID
    idcs_blind: bytes
    region_code: str
    birth_date: date
    deceased_by: date | None
    """A day on which they were dead; None if they live."""


async def add_attestations(
    tx: Transaction, attestations: Sequence[Attestation]
) -> list[KeptAttestation]:
    """Keep what says something new, and return that; of repetitions in one call the last counts.

    What a source said before of the same fact and first day, word for word, changes nothing: a
    report may be sent again.
    """
    # In one order, so that no two batches of the same facts wait for each other.
    distinct = [item for _, item in sorted({item[:4]: item for item in attestations}.items())]
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        INSERT INTO attestation (person_id, source, fact, valid_from, version, region_code, value,
                                 valid_to, reported_in, recorded_at)
        SELECT said.person_id, said.source, said.fact, said.valid_from,
               coalesce(known.version, 0) + 1, said.region_code, said.value::jsonb, said.valid_to,
               said.reported_in, said.recorded_at
          FROM unnest(%(persons)s::uuid[], %(sources)s::text[], %(facts)s::text[],
                      %(valid_from)s::date[], %(regions)s::text[], %(values)s::text[],
                      %(valid_to)s::date[], %(reported_in)s::uuid[], %(recorded_at)s::timestamptz[])
               AS said (person_id, source, fact, valid_from, region_code, value, valid_to,
                        reported_in, recorded_at)
          LEFT JOIN LATERAL (
                SELECT version, value, valid_to FROM attestation
                 WHERE attestation.person_id = said.person_id
                   AND attestation.source = said.source AND attestation.fact = said.fact
                   AND attestation.valid_from = said.valid_from
                 ORDER BY version DESC LIMIT 1) AS known ON true
         WHERE known.version IS NULL OR known.value <> said.value::jsonb
            OR known.valid_to IS DISTINCT FROM said.valid_to
            ON CONFLICT DO NOTHING
        RETURNING person_id, region_code, valid_from, valid_to
        """,
        {
            "persons": [item.person_id for item in distinct],
            "sources": [item.source for item in distinct],
            "facts": [item.fact for item in distinct],
            "valid_from": [item.valid_from for item in distinct],
            "regions": [item.region_code for item in distinct],
            "values": [item.value.decode() for item in distinct],
            "valid_to": [item.valid_to for item in distinct],
            "reported_in": [item.reported_in for item in distinct],
            "recorded_at": [item.recorded_at for item in distinct],
        },
    )
    return [KeptAttestation(*row) for row in await cursor.fetchall()]


async def facts_in_force(
    tx: Transaction, person_ids: Sequence[UUID], *, on: date
) -> list[AttestedFact]:
    """Return what each source says of each fact of these persons on a day."""
    cursor = tx.cursor(row_factory=tuple_row)
    take_packed_arrays(cursor)
    await cursor.execute(
        """
        SELECT person_id, fact, value, source, valid_from, valid_to
          FROM (SELECT DISTINCT ON (person_id, source, fact)
                       person_id, fact, value, source, valid_from, valid_to
                  FROM attestation
                 WHERE person_id = ANY(%(ids)s) AND valid_from <= %(on)s
                 ORDER BY person_id, source, fact, valid_from DESC, version DESC) AS latest
         WHERE valid_to IS NULL OR valid_to >= %(on)s
        """,
        {"ids": packed_uuids([person_id.bytes for person_id in person_ids]), "on": on},
    )
    return [AttestedFact(*row) for row in await cursor.fetchall()]


async def make_due(tx: Transaction, persons: Sequence[tuple[UUID, str, date]]) -> None:
    """Have the households of some persons announced again on a day.

    Args:
        tx: The open transaction.
        persons: Person, region code, and the day from which it is due.
    """
    await tx.execute(
        "INSERT INTO attestation_due (person_id, region_code, due_on)"
        " SELECT * FROM unnest(%(ids)s::uuid[], %(regions)s::text[], %(days)s::date[])"
        " ON CONFLICT DO NOTHING",
        {
            "ids": [person_id for person_id, _, _ in persons],
            "regions": [region_code for _, region_code, _ in persons],
            "days": [due_on for _, _, due_on in persons],
        },
    )


async def find_due(tx: Transaction, *, on: date) -> list[UUID]:
    """Return at most `DUE_PERSONS_MAX` persons who are due, those who have waited longest first."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT person_id FROM attestation_due WHERE due_on <= %(on)s"
        " ORDER BY due_on LIMIT %(limit)s",
        {"on": on, "limit": DUE_PERSONS_MAX},
    )
    return [person_id for (person_id,) in await cursor.fetchall()]


async def take_due(
    tx: Transaction, person_ids: Sequence[UUID], *, homes: Sequence[UUID], on: date
) -> set[UUID]:
    """Take those of the persons who are due and whom nobody has.

    Args:
        tx: The open transaction; it must see every region.
        person_ids: The persons.
        homes: Households that are held; whoever lives in another by now stays due.
        on: The day.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        DELETE FROM attestation_due
         WHERE (person_id, due_on) IN (
               SELECT person_id, due_on FROM attestation_due AS due
                WHERE person_id = ANY(%(ids)s) AND due_on <= %(on)s
                  AND NOT EXISTS (SELECT FROM residence
                                   WHERE residence.person_id = due.person_id
                                     AND household_id <> ALL(%(homes)s::uuid[]))
                  FOR UPDATE SKIP LOCKED)
        RETURNING person_id
        """,
        {"ids": list(person_ids), "homes": list(homes), "on": on},
    )
    return {person_id for (person_id,) in await cursor.fetchall()}


async def find_reported(
    tx: Transaction, *, blinds: Sequence[bytes], person_ids: Sequence[UUID]
) -> list[ReportedPerson]:
    """Return the persons whom reports name in either way."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"SELECT person_id, idcs_blind, region_code, birth_date, {DECEASED_BY} FROM person"  # noqa: S608 -- our own expression
        " WHERE idcs_blind = ANY(%(blinds)s::bytea[]) OR person_id = ANY(%(ids)s)",
        {"blinds": array_of_bytes(blinds), "ids": list(person_ids)},
    )
    return [ReportedPerson(*row) for row in await cursor.fetchall()]


async def homes_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[UUID]:
    """Return the households that these persons live in now."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT DISTINCT household_id FROM residence WHERE person_id = ANY(%(ids)s)",
        {"ids": list(person_ids)},
    )
    return [household_id for (household_id,) in await cursor.fetchall()]
