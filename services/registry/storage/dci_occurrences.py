"""What happened in the registers, read from versions and declarations after an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.registry.domain.dci_events import NEWBORN_DAYS_MAX
from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class MemberRecorded:
    """A member of a household in the version that an event told of."""

    household_id: UUID
    version: int
    is_current: bool
    """Whether no later version of the household is recorded."""
    region_code: str
    person_id: UUID
    is_new: bool
    """Whether the household was on file before, without this member."""
    is_born: bool
    """Whether the member was declared born, or is a newborn whom a file added."""


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """A marriage or divorce of one person, by the declaration that tells of it."""

    verb: str
    declaration_id: UUID
    person_id: UUID
    region_code: str


async def members_recorded(
    tx: Transaction, versions: Sequence[tuple[UUID, int]]
) -> list[MemberRecorded]:
    """Return the members that versions of households list."""
    cursor = await tx.execute(
        """
        SELECT mem.household_id, mem.version, grp.version = mem.version AS is_current,
               mem.region_code, mem.person_id,
               told.version > 1 AND before.person_id IS NULL AS is_new,
               told.version > 1 AND before.person_id IS NULL AND (
                   EXISTS (SELECT FROM declaration
                             JOIN declaration_subject AS child USING (declaration_id)
                            WHERE declaration.household_id = told.household_id
                              AND declaration.version = told.version
                              AND child.part = 'newborn' AND child.person_id = mem.person_id)
                   OR per.birth_date > ver.valid_from - %(newborn_days)s
                      AND per.registered_on >= (ver.recorded_at AT TIME ZONE 'Africa/Casablanca')
                                               ::date - 1) AS is_born
          FROM unnest(%(ids)s::uuid[], %(versions)s::int[]) AS told (household_id, version)
          JOIN household AS grp ON grp.household_id = told.household_id
          JOIN household_version AS ver
            ON ver.household_id = told.household_id AND ver.version = told.version
          JOIN household_member AS mem
            ON mem.household_id = told.household_id AND mem.version = told.version
          JOIN person AS per ON per.person_id = mem.person_id
          LEFT JOIN household_member AS before
            ON before.household_id = told.household_id AND before.version = told.version - 1
           AND before.person_id = mem.person_id
        """,
        _told(versions) | {"newborn_days": NEWBORN_DAYS_MAX},
    )
    return [MemberRecorded(**row) for row in await cursor.fetchall()]


async def life_events(tx: Transaction, versions: Sequence[tuple[UUID, int]]) -> list[LifeEvent]:
    """Return the marriages and divorces that made versions of households.

    A separation proved by a divorce judgment is the divorce of the head and spouse of the household
    that it parted, if one of them left it.
    """
    cursor = await tx.execute(
        """
        WITH declared AS (
             SELECT declaration_id, verb, evidence_kind
               FROM unnest(%(ids)s::uuid[], %(versions)s::int[]) AS told (household_id, version)
               JOIN declaration USING (household_id, version)
              WHERE verb = 'marriage'
                 OR verb = 'separation' AND evidence_kind = 'divorce_judgment'),
        parted AS (
             SELECT DISTINCT declared.declaration_id, parted.household_id, parted.version
               FROM declared
               JOIN declaration_subject AS leaver USING (declaration_id)
               JOIN declaration_subject AS parted USING (declaration_id)
               JOIN household_member AS mem
                 ON mem.household_id = parted.household_id AND mem.version = parted.version - 1
                AND mem.person_id = leaver.person_id AND mem.kinship IN ('head', 'spouse')
              WHERE declared.verb = 'separation' AND leaver.part = 'separated'),
        happened AS (
             SELECT declared.verb, declared.declaration_id, spouse.person_id
               FROM declared JOIN declaration_subject AS spouse USING (declaration_id)
              WHERE declared.verb = 'marriage' AND spouse.part = 'spouse'
             UNION ALL
             SELECT 'separation', parted.declaration_id, mem.person_id
               FROM parted
               JOIN household_member AS mem
                 ON mem.household_id = parted.household_id AND mem.version = parted.version - 1
                AND mem.kinship IN ('head', 'spouse'))
        SELECT verb, declaration_id, person_id, per.region_code
          FROM happened JOIN person AS per USING (person_id)
        """,
        _told(versions),
    )
    return [LifeEvent(**row) for row in await cursor.fetchall()]


async def deceased(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the region codes of those of these persons whom the register has as dead."""
    cursor = await tx.execute(
        "SELECT person_id, region_code FROM person"
        " WHERE person_id = ANY(%(ids)s) AND status = 'deceased'",
        {"ids": list(person_ids)},
    )
    return {row["person_id"]: row["region_code"] for row in await cursor.fetchall()}


def _told(versions: Sequence[tuple[UUID, int]]) -> dict[str, Any]:
    return {
        "ids": [household_id for household_id, _ in versions],
        "versions": [version for _, version in versions],
    }
