"""Contacts: the newest way to reach each household, its phone sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.notifications.storage.arrays import array
from shared.storage.database import Transaction

TABLE = "contact"
PHONE_COLUMN = "phone_sealed"


@dataclass(frozen=True, slots=True)
class Contact:
    """One version of how a household is reached; without a phone it is not by SMS."""

    household_id: UUID
    region_code: str
    version: int
    language: str
    phone_sealed: bytes | None
    phone_index: bytes | None
    review_date: date | None


@dataclass(frozen=True, slots=True)
class Reach:
    """In what language a household is told, and whether it has a phone."""

    language: str
    has_phone: bool


async def store_contacts(
    tx: Transaction, contacts: Sequence[Contact], *, at: datetime
) -> list[UUID]:
    """Keep contacts newer than those held, one per household; return their households."""
    cursor = await tx.execute(
        """
        INSERT INTO contact (household_id, region_code, version, language, phone_sealed,
                             phone_index, review_date, recorded_at)
        SELECT news.*, %(at)s
          FROM unnest(%(households)s::uuid[], %(regions)s::text[], %(versions)s::bigint[],
                      %(languages)s::text[], %(phones)s::bytea[], %(indexes)s::bytea[],
                      %(reviews)s::date[]) AS news
        ON CONFLICT (household_id) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version,
               language = excluded.language, phone_sealed = excluded.phone_sealed,
               phone_index = excluded.phone_index, review_date = excluded.review_date,
               recorded_at = excluded.recorded_at
         WHERE excluded.version > contact.version
        RETURNING household_id
        """,
        {
            "at": at,
            "households": array([contact.household_id for contact in contacts]),
            "regions": array([contact.region_code for contact in contacts]),
            "versions": array([contact.version for contact in contacts]),
            "languages": array([contact.language for contact in contacts]),
            "phones": [contact.phone_sealed for contact in contacts],
            "indexes": [contact.phone_index for contact in contacts],
            "reviews": [contact.review_date for contact in contacts],
        },
    )
    return [row["household_id"] for row in await cursor.fetchall()]


async def reach_of(tx: Transaction, household_ids: Sequence[UUID]) -> dict[UUID, Reach]:
    """Return how the known ones of these households are told."""
    cursor = await tx.execute(
        "SELECT household_id, language, phone_sealed IS NOT NULL AS has_phone"
        " FROM contact WHERE household_id = ANY(%s::uuid[])",
        (array(household_ids),),
    )
    return {
        row["household_id"]: Reach(row["language"], row["has_phone"])
        for row in await cursor.fetchall()
    }


async def sealed_phones(tx: Transaction, household_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the sealed phones of those households that have one."""
    cursor = await tx.execute(
        "SELECT household_id, phone_sealed FROM contact"
        " WHERE household_id = ANY(%s::uuid[]) AND phone_sealed IS NOT NULL",
        (array(household_ids),),
    )
    return {row["household_id"]: row["phone_sealed"] for row in await cursor.fetchall()}
