"""Every version there was of a person or a household, and where somebody lived when."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from shared.storage.database import Transaction


class HouseholdStep(NamedTuple):
    """A version of a household, and the declaration that made it."""

    version: int
    region_code: str
    province_code: str
    commune_code: str
    milieu: str
    state: str
    members: int
    review_on: date
    valid_from: date
    recorded_at: datetime
    verb: str | None
    receipt_id: UUID | None
    member_ids: list[UUID]
    """Whom it lists."""


class PersonStep(NamedTuple):
    """A version of a person, without their particulars."""

    version: int
    region_code: str
    province_code: str
    commune_code: str
    status: str
    valid_from: date
    recorded_at: datetime


async def household_steps(
    tx: Transaction, household_id: UUID, *, before: int, known_at: datetime, limit: int
) -> list[HouseholdStep]:
    """Return versions of a household, the latest first.

    Args:
        tx: The open transaction.
        household_id: The household.
        before: Only versions with a smaller number.
        known_at: Only versions recorded by then.
        limit: How many at most.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT step.version, step.region_code, step.province_code, step.commune_code, step.milieu,
               step.state, members.count, step.review_on, step.valid_from, step.recorded_at,
               declared.verb, declared.declaration_id, members.ids
          FROM (SELECT * FROM household_version
                 WHERE household_id = %(household_id)s AND version < %(before)s
                   AND recorded_at <= %(known_at)s
                   AND EXISTS (SELECT FROM household WHERE household_id = %(household_id)s)
                 ORDER BY version DESC LIMIT %(limit)s) AS step
         CROSS JOIN LATERAL (
               SELECT count(*), coalesce(array_agg(person_id), '{}') AS ids FROM household_member
                WHERE household_member.household_id = step.household_id
                  AND household_member.version = step.version) AS members
          LEFT JOIN LATERAL (
               SELECT verb, declaration_id FROM declaration
                WHERE declaration.household_id = step.household_id
                  AND declaration.version = step.version
               UNION ALL
               SELECT verb, declaration_id
                 FROM declaration_subject AS subject JOIN declaration USING (declaration_id)
                WHERE subject.household_id = step.household_id AND subject.version = step.version
                LIMIT 1) AS declared ON true
         ORDER BY step.version DESC
        """,
        {"household_id": household_id, "before": before, "known_at": known_at, "limit": limit},
    )
    return [HouseholdStep(*row) for row in await cursor.fetchall()]


async def person_steps(
    tx: Transaction, person_id: UUID, *, before: int, known_at: datetime, limit: int
) -> list[PersonStep]:
    """Return versions of a person, the latest first."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT version, region_code, province_code, commune_code, status, valid_from, recorded_at"
        " FROM person_version WHERE person_id = %(person_id)s AND version < %(before)s"
        " AND recorded_at <= %(known_at)s"
        " AND EXISTS (SELECT FROM person WHERE person_id = %(person_id)s)"
        " ORDER BY version DESC LIMIT %(limit)s",
        {"person_id": person_id, "before": before, "known_at": known_at, "limit": limit},
    )
    return [PersonStep(*row) for row in await cursor.fetchall()]


async def household_of_person(
    tx: Transaction, person_id: UUID, *, valid_on: date, known_at: datetime
) -> UUID | None:
    """Return the household that a person lived in on a day, as known at an instant.

    Of every household that ever listed them, the version true then is looked at; of two that list
    them, the one that began later counts, since it took them over.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT home.household_id
          FROM (SELECT DISTINCT household_id FROM household_member
                 WHERE person_id = %(person_id)s) AS home
         CROSS JOIN LATERAL (
               SELECT version, valid_from, recorded_at FROM household_version
                WHERE household_version.household_id = home.household_id
                  AND valid_from <= %(valid_on)s AND recorded_at <= %(known_at)s
                ORDER BY valid_from DESC, version DESC LIMIT 1) AS standing
          JOIN household_member AS member
            ON member.household_id = home.household_id AND member.version = standing.version
           AND member.person_id = %(person_id)s
         ORDER BY standing.valid_from DESC, standing.recorded_at DESC LIMIT 1
        """,
        {"person_id": person_id, "valid_on": valid_on, "known_at": known_at},
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]
