"""Households: current rows found by blind index, versions with their members, residences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.appending import append_rows
from services.registry.storage.arrays import array_of_bytes
from services.registry.storage.tables import (
    HouseholdMemberRow,
    HouseholdRow,
    HouseholdVersionRow,
    ResidenceRow,
)
from shared.storage.copy import column_names, column_types
from shared.storage.database import Transaction

VERSION_TABLE = "household_version"
MEMBER_TABLE = "household_member"
STANDING = "standing"
DISSOLVED = "dissolved"
_HOUSEHOLD_COLUMNS = column_names(HouseholdRow)
_VERSION_COLUMNS = column_names(HouseholdVersionRow)
_MEMBER_COLUMNS = column_names(HouseholdMemberRow)
_RESIDENCE_COLUMNS = column_names(ResidenceRow)
_HOUSEHOLD_TYPES = column_types(HouseholdRow)
_VERSION_TYPES = column_types(HouseholdVersionRow)
_MEMBER_TYPES = column_types(HouseholdMemberRow)
_RESIDENCE_TYPES = column_types(ResidenceRow)


class HouseholdHead(NamedTuple):
    """A household's current row, in the order of its columns."""

    household_id: UUID
    region_code: str
    reference_blind: bytes
    reference_sealed: bytes
    version: int
    valid_from: date
    content_digest: bytes
    seen_in: UUID
    state: str = STANDING


class HouseholdVersion(NamedTuple):
    """A version of a household, in the order of its columns; `facts` is JSON."""

    household_id: UUID
    version: int
    version_id: UUID
    region_code: str
    province_code: str
    commune_code: str
    milieu: str
    language: str
    phone_sealed: bytes | None
    facts: bytes
    review_on: date
    valid_from: date
    recorded_at: datetime
    state: str = STANDING


class HouseholdMember(NamedTuple):
    """A member as one version lists them, in the order of its columns; `facts` is JSON."""

    household_id: UUID
    version: int
    person_id: UUID
    region_code: str
    birth_date: date
    sex: str
    kinship: str
    head: bool
    declarant: bool
    facts: bytes


class Residence(NamedTuple):
    """Where a person lives, in the order of its columns."""

    person_id: UUID
    household_id: UUID
    region_code: str


class StandingHousehold(NamedTuple):
    """What must be known of a household to see whether a declaration changes it."""

    household_id: UUID
    region_code: str
    version: int
    valid_from: date
    content_digest: bytes
    seen_in: UUID


@dataclass(frozen=True, slots=True)
class HouseholdAsKnown:
    """A version of a household with its members, as rows."""

    household: dict[str, Any]
    members: list[dict[str, Any]]


async def lock_households(
    tx: Transaction, blinds: Sequence[bytes]
) -> dict[bytes, StandingHousehold]:
    """Return the households with these blind indexes, locked in the order of their ids."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        "SELECT reference_blind, household_id, region_code, version, valid_from,"
        " content_digest, seen_in"
        " FROM household WHERE reference_blind = ANY(%(blinds)s::bytea[])"
        " ORDER BY household_id FOR NO KEY UPDATE",
        {"blinds": array_of_bytes(blinds)},
    )
    return {blind: StandingHousehold(*known) for blind, *known in await cursor.fetchall()}


async def find_residents(tx: Transaction, household_ids: Sequence[UUID]) -> list[Residence]:
    """Return who lives in these households now."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        "SELECT person_id, household_id, region_code FROM residence"
        " WHERE household_id = ANY(%(ids)s)",
        {"ids": list(household_ids)},
    )
    return [Residence(*row) for row in await cursor.fetchall()]


async def add_households(tx: Transaction, heads: Sequence[HouseholdHead]) -> None:
    """Add households that were not known."""
    await append_rows(tx, "household", _HOUSEHOLD_COLUMNS, heads, types=_HOUSEHOLD_TYPES)


async def advance_households(tx: Transaction, heads: Sequence[HouseholdHead]) -> None:
    """Let the current rows of known households stand for newer versions."""
    await tx.execute(
        """
        UPDATE household
           SET region_code = newer.region_code, version = newer.version,
               valid_from = newer.valid_from, content_digest = newer.content_digest,
               seen_in = newer.seen_in, state = newer.state
          FROM unnest(%(ids)s::uuid[], %(regions)s::text[], %(versions)s::int[],
                      %(valid_from)s::date[], %(digests)s::bytea[], %(seen_in)s::uuid[],
                      %(states)s::text[])
               AS newer (household_id, region_code, version, valid_from, content_digest, seen_in,
                         state)
         WHERE household.household_id = newer.household_id
        """,
        {
            "ids": [head.household_id for head in heads],
            "regions": [head.region_code for head in heads],
            "versions": [head.version for head in heads],
            "valid_from": [head.valid_from for head in heads],
            "digests": array_of_bytes([head.content_digest for head in heads]),
            "seen_in": [head.seen_in for head in heads],
            "states": [head.state for head in heads],
        },
    )


async def mark_households_seen(
    tx: Transaction, household_ids: Sequence[UUID], *, job_id: UUID
) -> None:
    """Remember that a file named these households, so that it cannot do so twice."""
    await tx.execute(
        "UPDATE household SET seen_in = %(job_id)s WHERE household_id = ANY(%(ids)s)",
        {"job_id": job_id, "ids": list(household_ids)},
    )


async def add_household_versions(
    tx: Transaction,
    versions: Sequence[HouseholdVersion],
    members: Sequence[HouseholdMember],
) -> None:
    """Add versions and the members they list; none is ever changed."""
    await append_rows(tx, VERSION_TABLE, _VERSION_COLUMNS, versions, types=_VERSION_TYPES)
    await append_rows(tx, MEMBER_TABLE, _MEMBER_COLUMNS, members, types=_MEMBER_TYPES)


async def replace_residences(
    tx: Transaction, *, ended: Sequence[UUID], begun: Sequence[Residence]
) -> None:
    """End the residences of some persons, and begin those of others (or of the same).

    They begin in the order of their persons: whoever houses the same people waits for the first of
    them, and never in a circle.

    Raises:
        UniqueViolation: Somebody else has housed one of them in the meantime.
    """
    if ended:
        await tx.execute(
            "DELETE FROM residence WHERE person_id = ANY(%(ids)s)", {"ids": list(ended)}
        )
    rows = sorted(begun, key=lambda residence: residence.person_id)
    await append_rows(tx, "residence", _RESIDENCE_COLUMNS, rows, types=_RESIDENCE_TYPES)


async def read_household_version(
    tx: Transaction, household_id: UUID, *, valid_on: date, known_at: datetime
) -> HouseholdAsKnown | None:
    """Return the version of a household true on a day as known at an instant.

    Only for who may see it as it stands: a region that it has left keeps none of its versions, else
    the last one there would pass for the household of today.
    """
    cursor = await tx.execute(
        """
        SELECT household_id, version, region_code, province_code, commune_code, milieu, language,
               facts, review_on, valid_from, recorded_at, state
          FROM household_version
         WHERE household_id = %(household_id)s
           AND valid_from <= %(valid_on)s AND recorded_at <= %(known_at)s
           AND EXISTS (SELECT FROM household WHERE household_id = %(household_id)s)
         ORDER BY valid_from DESC, version DESC LIMIT 1
        """,
        {"household_id": household_id, "valid_on": valid_on, "known_at": known_at},
    )
    household = await cursor.fetchone()
    if household is None:
        return None
    cursor = await tx.execute(
        "SELECT person_id, birth_date, sex, kinship, head, declarant, facts"
        " FROM household_member"
        " WHERE household_id = %(household_id)s AND version = %(version)s"
        " ORDER BY head DESC, birth_date, person_id",
        {"household_id": household_id, "version": household["version"]},
    )
    return HouseholdAsKnown(household, await cursor.fetchall())
