"""The access log: one row for each person or household that was disclosed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

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
    attributes: tuple[str, ...] = ()
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
