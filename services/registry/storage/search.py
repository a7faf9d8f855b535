"""Finding people: by search token and birth, within the caller's regions, through an index."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.range import DateRange

from services.registry.domain.birth_dates import Births
from services.registry.domain.search import Sought
from services.registry.storage.arrays import array_of_bytes
from services.registry.storage.persons import PersonVersion
from shared.storage.database import Transaction

_VERSION = ", ".join(f"known.{column}" for column in PersonVersion._fields)


class FoundPerson(NamedTuple):
    """The current version of a person, and where they live."""

    version: PersonVersion
    household_id: UUID | None


class FoundHousehold(NamedTuple):
    """A household by reference or member."""

    household_id: UUID
    version: int
    region_code: str
    province_code: str
    commune_code: str
    milieu: str
    members: int
    member_ids: list[UUID]
    """Who lives in it now."""


async def find_by_tokens(
    tx: Transaction, alternatives: Sequence[Sequence[int]], sought: Sought, *, most: int
) -> list[FoundPerson]:
    """Return persons who have all tokens of any alternative and fit what else is sought.

    Args:
        tx: The transaction; its row scope bounds what is found.
        alternatives: Sets of tokens.
        sought: The births, sex and territory that narrow the search.
        most: How many to return at most, in no order.
    """
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        f"""
        SELECT {_VERSION}, residence.household_id
          FROM find_persons(%(alternatives)s::text[], %(births)s::daterange[], %(sexes)s::text[],
                            %(region)s, %(province)s, %(commune)s, %(most)s) AS found
          JOIN person_version AS known USING (person_id, version)
          LEFT JOIN residence USING (person_id)
        """,  # noqa: S608 -- our own column names
        {
            "alternatives": [_array(tokens) for tokens in alternatives],
            "births": [_range(births) for births in sought.births],
            "sexes": None if sought.sex is None else [sought.sex],
            "region": sought.region_code,
            "province": sought.province_code,
            "commune": sought.commune_code,
            "most": most,
        },
    )
    return [_found(row) for row in await cursor.fetchall()]


async def find_by_idcs(tx: Transaction, blinds: Sequence[bytes]) -> list[FoundPerson]:
    """Return the person with any of these blind indexes of an IDCS."""
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        f"""
        SELECT {_VERSION}, residence.household_id
          FROM person JOIN person_version AS known USING (person_id, version)
          LEFT JOIN residence USING (person_id)
         WHERE person.idcs_blind = ANY(%(blinds)s::bytea[])
        """,  # noqa: S608 -- our own column names
        {"blinds": array_of_bytes(blinds)},
    )
    return [_found(row) for row in await cursor.fetchall()]


async def find_households(
    tx: Transaction, *, references: Sequence[bytes], members: Sequence[bytes], most: int
) -> list[FoundHousehold]:
    """Return households by blind index of their reference, or of a member's IDCS."""
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        """
        SELECT household.household_id, household.version, known.region_code, known.province_code,
               known.commune_code, known.milieu,
               cardinality(living.ids) AS members, living.ids AS member_ids
          FROM household JOIN household_version AS known USING (household_id, version)
         CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(person_id), '{}') AS ids FROM residence
                WHERE residence.household_id = household.household_id) AS living
         WHERE household.household_id IN (
                   SELECT household_id FROM household
                    WHERE reference_blind = ANY(%(references)s::bytea[])
                   UNION
                   SELECT residence.household_id FROM residence JOIN person USING (person_id)
                    WHERE person.idcs_blind = ANY(%(members)s::bytea[]))
         ORDER BY household.household_id LIMIT %(most)s
        """,
        {
            "references": array_of_bytes(references),
            "members": array_of_bytes(members),
            "most": most,
        },
    )
    return [FoundHousehold(**row) for row in await cursor.fetchall()]


def _found(row: dict[str, Any]) -> FoundPerson:
    household_id = row.pop("household_id")
    return FoundPerson(PersonVersion(**row), household_id)


def _array(tokens: Sequence[int]) -> str:
    """Return tokens as PostgreSQL writes an array: arrays of arrays must be of one length."""
    return "{" + ",".join(map(str, tokens)) + "}"


def _range(births: Births) -> DateRange:
    return DateRange(births.first, births.before)
