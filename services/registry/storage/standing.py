"""People and households as they stand now, locked for a declaration about them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.checks import EVERY_REGION
from services.registry.storage.arrays import array_of_bytes
from services.registry.storage.deceased import DECEASED_BY
from shared.storage.database import Transaction


class KnownPerson(NamedTuple):
    """A person whom a declaration names."""

    person_id: UUID
    blind: bytes
    region_code: str
    birth_date: date
    sex: str
    status: str
    version: int
    deceased_by: date | None
    """A day on which they were dead; None if they live."""
    household_id: UUID | None
    home_region_code: str | None
    """The region of the household that they live in."""


class StandingRow(NamedTuple):
    """A household's current version; `facts` is JSON as Python reads it."""

    household_id: UUID
    reference_blind: bytes
    reference_sealed: bytes
    content_digest: bytes
    version: int
    version_id: UUID
    commune_code: str
    milieu: str
    language: str
    phone_sealed: bytes | None
    facts: dict[str, Any]
    review_on: date
    valid_from: date


class StandingMember(NamedTuple):
    """A member of a household's current version."""

    household_id: UUID
    person_id: UUID
    idcs_blind: bytes
    idcs_sealed: bytes
    birth_date: date
    sex: str
    status: str
    kinship: str
    head: bool
    declarant: bool
    facts: dict[str, Any]


async def hold_persons(
    tx: Transaction,
    blinds: Sequence[bytes],
    *,
    persons: Sequence[UUID] = (),
    homes: Sequence[UUID] = (),
) -> None:
    """Hold some persons, and whoever lives with one of them or in one of the homes.

    Persons are held before households, each in the order of their ids, so that no two writers wait
    for each other. Whoever calls this names everybody whom it may touch, and calls it before it
    writes. Households are held later: a birth has written of the newborn by then, and a file of the
    persons on its lines.

    Args:
        tx: The open transaction; it must see every region.
        blinds: Persons by blind index.
        persons: Persons by pseudonym; those they live with are not held.
        homes: Households whose residents are held.
    """
    await tx.execute(
        """
        SELECT 1 FROM person
         WHERE person_id IN (
               SELECT unnest(%(persons)s::uuid[])
                UNION ALL
               SELECT person_id FROM person WHERE idcs_blind = ANY(%(blinds)s::bytea[])
                UNION ALL
               SELECT person_id FROM residence
                WHERE household_id = ANY(%(homes)s::uuid[])
                UNION ALL
               SELECT living_with.person_id
                 FROM person JOIN residence USING (person_id)
                 JOIN residence AS living_with USING (household_id)
                WHERE person.idcs_blind = ANY(%(blinds)s::bytea[]))
         ORDER BY person_id FOR NO KEY UPDATE
        """,
        {"blinds": array_of_bytes(blinds), "persons": list(persons), "homes": list(homes)},
    )


async def read_known_persons(tx: Transaction, blinds: Sequence[bytes]) -> list[KnownPerson]:
    """Return the persons with these blind indexes, as they are once they are held."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT person_id, idcs_blind, person.region_code, birth_date, sex, status, version,
               {DECEASED_BY}, residence.household_id, residence.region_code
          FROM person LEFT JOIN residence USING (person_id)
         WHERE idcs_blind = ANY(%(blinds)s::bytea[])
        """,  # noqa: S608 -- our own expression
        {"blinds": array_of_bytes(blinds)},
    )
    return [KnownPerson(*row) for row in await cursor.fetchall()]


async def strangers_among(
    tx: Transaction, blinds: Sequence[bytes], *, regions: Sequence[str]
) -> frozenset[bytes]:
    """Return the blind indexes, of these, of persons who neither stand nor live in some regions.

    Args:
        tx: The open transaction; it must see every region.
        blinds: Whom to look at.
        regions: Region codes, `*` for all of them.
    """
    if EVERY_REGION in regions:
        return frozenset()
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT idcs_blind FROM person LEFT JOIN residence USING (person_id)
         WHERE idcs_blind = ANY(%(blinds)s::bytea[])
           AND person.region_code <> ALL(%(regions)s)
           AND coalesce(residence.region_code <> ALL(%(regions)s), true)
        """,
        {"blinds": array_of_bytes(blinds), "regions": list(regions)},
    )
    return frozenset([blind for (blind,) in await cursor.fetchall()])


async def lock_standing(
    tx: Transaction, household_ids: Sequence[UUID], *, references: Sequence[bytes] = ()
) -> tuple[list[StandingRow], list[StandingMember]]:
    """Return the households that stand among these, and their members, in the order of locking.

    Args:
        tx: The open transaction; it must see every region.
        household_ids: The households.
        references: Blind indexes of references whose households, if any, are held as well.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    parameters = {"ids": list(household_ids)}
    await cursor.execute(
        "SELECT 1 FROM household"
        " WHERE household_id = ANY(%(ids)s) OR reference_blind = ANY(%(references)s::bytea[])"
        " ORDER BY household_id FOR NO KEY UPDATE",
        {**parameters, "references": array_of_bytes(references)},
    )
    await cursor.execute(
        """
        SELECT household_id, reference_blind, reference_sealed, content_digest, version, version_id,
               commune_code, milieu, language, phone_sealed, facts, review_on,
               household.valid_from
          FROM household JOIN household_version USING (household_id, version)
         WHERE household_id = ANY(%(ids)s) AND household.state = 'standing'
         ORDER BY household_id
        """,
        parameters,
    )
    households = [StandingRow(*row) for row in await cursor.fetchall()]
    await cursor.execute(
        """
        SELECT household_id, person_id, idcs_blind, idcs_sealed, person.birth_date, person.sex,
               person.status, kinship, head, declarant, facts
          FROM household
          JOIN household_member USING (household_id, version)
          JOIN person USING (person_id)
         WHERE household_id = ANY(%(ids)s) AND household.state = 'standing'
         ORDER BY head DESC, person.birth_date, person_id
        """,
        parameters,
    )
    return households, [StandingMember(*row) for row in await cursor.fetchall()]
