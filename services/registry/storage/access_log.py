"""The access log: one row for each person or household that was disclosed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Access:
    """Who looked, what for, and at which state of the registry."""

    client: str
    purpose: str
    action: str
    valid_on: date
    known_at: datetime
    accessed_at: datetime
    attributes: tuple[str, ...]
    """Which of a subject's attributes were asked about or disclosed."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One subject of a look-up; a member of a household names both."""

    access_id: UUID
    region_code: str
    person_id: UUID | None = None
    household_id: UUID | None = None
    result: str = "disclosed"
    """What the caller learnt of this subject."""
    consent_id: UUID | None = None


async def log_access(tx: Transaction, access: Access, subjects: Sequence[Disclosed]) -> None:
    """Add a row per subject; the caller answers only after this transaction has committed."""
    await tx.execute(
        """
        INSERT INTO access_log (access_id, accessed_at, client, purpose, action, attributes,
                                result, consent_id, person_id, household_id, region_code,
                                valid_on, known_at)
        SELECT subject.access_id, %(accessed_at)s, %(client)s, %(purpose)s, %(action)s,
               %(attributes)s, subject.result, subject.consent_id, subject.person_id,
               subject.household_id, subject.region_code, %(valid_on)s, %(known_at)s
          FROM unnest(%(access_ids)s::uuid[], %(results)s::text[], %(consent_ids)s::uuid[],
                      %(person_ids)s::uuid[], %(household_ids)s::uuid[], %(regions)s::text[])
               AS subject (access_id, result, consent_id, person_id, household_id, region_code)
        """,
        {
            "accessed_at": access.accessed_at,
            "client": access.client,
            "purpose": access.purpose,
            "action": access.action,
            "valid_on": access.valid_on,
            "known_at": access.known_at,
            "attributes": list(access.attributes),
            "results": [subject.result for subject in subjects],
            "consent_ids": [subject.consent_id for subject in subjects],
            "access_ids": [subject.access_id for subject in subjects],
            "person_ids": [subject.person_id for subject in subjects],
            "household_ids": [subject.household_id for subject in subjects],
            "regions": [subject.region_code for subject in subjects],
        },
    )


class LoggedAccess(NamedTuple):
    """A row of the log as it is read again."""

    access_id: UUID
    accessed_at: datetime
    client: str
    purpose: str
    action: str
    attributes: list[str]
    result: str
    consent_id: UUID | None
    person_id: UUID
    household_id: UUID | None
    region_code: str
    valid_on: date
    known_at: datetime


@dataclass(frozen=True, slots=True)
class AccessesAsked:
    """Which rows about a person are asked for; the newest come first."""

    person_id: UUID
    at_most: int
    before: tuple[datetime, UUID] | None = None
    """The row behind which the page begins."""
    since: datetime | None = None
    until: datetime | None = None
    client: str | None = None


async def region_of_person(tx: Transaction, person_id: UUID) -> str | None:
    """Return where a person is registered, if this transaction may see them."""
    cursor = await tx.execute(
        "SELECT region_code FROM person WHERE person_id = %(person_id)s", {"person_id": person_id}
    )
    row = await cursor.fetchone()
    return None if row is None else str(row["region_code"])


async def residents(tx: Transaction, household_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Return who lives in some households, each person with the household.

    What is told of a household is told of them: each has a row, or could not read of it.
    """
    cursor = await tx.cursor(row_factory=tuple_row).execute(
        "SELECT person_id, household_id FROM residence WHERE household_id = ANY(%(ids)s)"
        " ORDER BY person_id",
        {"ids": list(household_ids)},
    )
    return await cursor.fetchall()


async def read_accesses(tx: Transaction, asked: AccessesAsked) -> list[LoggedAccess]:
    """Return the rows about a person that this transaction may see."""
    before_at, before_id = asked.before or (None, None)
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT {", ".join(LoggedAccess._fields)}
          FROM access_log
         WHERE person_id = %(person_id)s
           AND (%(since)s::timestamptz IS NULL OR accessed_at >= %(since)s)
           AND (%(until)s::timestamptz IS NULL OR accessed_at < %(until)s)
           AND (%(client)s::text IS NULL OR client = %(client)s)
           AND (%(before_at)s::timestamptz IS NULL
                OR (accessed_at, access_id) < (%(before_at)s, %(before_id)s::uuid))
         ORDER BY accessed_at DESC, access_id DESC LIMIT %(at_most)s
        """.encode(),  # noqa: S608 -- our own column names
        {
            "person_id": asked.person_id,
            "since": asked.since,
            "until": asked.until,
            "client": asked.client,
            "before_at": before_at,
            "before_id": before_id,
            "at_most": asked.at_most,
        },
    )
    return [LoggedAccess(*row) for row in await cursor.fetchall()]
