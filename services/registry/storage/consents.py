"""Consents: each recorded once, and withdrawn once by a row of its own."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.tables import ConsentRow
from shared.storage.copy import column_names
from shared.storage.database import Transaction

TABLE, EVIDENCE_COLUMN = "consent", "evidence_sealed"
WITHDRAWN_READ_MAX = 1_000
_COLUMNS = column_names(ConsentRow)
_OWN = [name for name in _COLUMNS if name not in {EVIDENCE_COLUMN, "region_code"}]
_READ = f"""
    SELECT {", ".join(f"consent.{name}" for name in _OWN)}, person.region_code, withdrawn_at
      FROM consent
      JOIN person USING (person_id)
      LEFT JOIN consent_withdrawal USING (consent_id)
""".encode()  # noqa: S608 -- our own column names


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent as it is recorded."""

    consent_id: UUID
    region_code: str
    person_id: UUID
    client: str
    purpose: str
    attributes: list[str]
    valid_from: date
    valid_until: date
    """The last day on which it holds."""
    evidence_kind: str
    evidence_sealed: bytes
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """A consent, and when it was withdrawn if it was; the evidence stays sealed."""

    consent_id: UUID
    region_code: str
    """Where the person is registered now."""
    person_id: UUID
    client: str
    purpose: str
    attributes: list[str]
    valid_from: date
    valid_until: date
    evidence_kind: str
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None


class WithdrawnConsent(NamedTuple):
    """What must be known of a withdrawn consent to tell that it comes again."""

    consent_id: UUID
    evidence_sealed: bytes
    withdrawn_at: datetime


async def add_consent(tx: Transaction, consent: NewConsent) -> None:
    """Add a consent; it is never changed."""
    await tx.execute(
        f"""
        INSERT INTO consent ({", ".join(_COLUMNS)})
        VALUES ({", ".join(f"%({column})s" for column in _COLUMNS)})
        """.encode(),  # noqa: S608 -- our own column names
        {column: getattr(consent, column) for column in _COLUMNS},
    )


async def read_consent(tx: Transaction, consent_id: UUID) -> RecordedConsent | None:
    """Return a consent of the caller's regions."""
    cursor = await tx.execute(
        _READ + b"WHERE consent.consent_id = %(consent_id)s", {"consent_id": consent_id}
    )
    row = await cursor.fetchone()
    return None if row is None else RecordedConsent(**row)


async def read_consents_of(
    tx: Transaction, person_id: UUID, *, after: UUID | None, limit: int
) -> list[RecordedConsent]:
    """Return consents of a person, the newest first, beginning after one of them."""
    cursor = await tx.execute(
        _READ
        + b"""
         WHERE consent.person_id = %(person_id)s
           AND (%(after)s::uuid IS NULL OR consent.consent_id < %(after)s)
         ORDER BY consent.consent_id DESC LIMIT %(limit)s
        """,
        {"person_id": person_id, "after": after, "limit": limit},
    )
    return [RecordedConsent(**row) for row in await cursor.fetchall()]


async def read_withdrawn(
    tx: Transaction, person_id: UUID, *, client: str, purpose: str
) -> list[WithdrawnConsent]:
    """Return a person's withdrawn consents to a client and purpose, the last withdrawn first."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT consent_id, evidence_sealed, withdrawn_at
          FROM consent JOIN consent_withdrawal USING (consent_id)
         WHERE person_id = %(person_id)s AND client = %(client)s AND purpose = %(purpose)s
         ORDER BY withdrawn_at DESC LIMIT %(limit)s
        """,
        {
            "person_id": person_id,
            "client": client,
            "purpose": purpose,
            "limit": WITHDRAWN_READ_MAX,
        },
    )
    return [WithdrawnConsent(*row) for row in await cursor.fetchall()]


async def withdraw(tx: Transaction, consent: RecordedConsent, *, at: datetime, by: str) -> None:
    """End a consent, unless that was done before."""
    await tx.execute(
        """
        INSERT INTO consent_withdrawal (consent_id, region_code, withdrawn_at, withdrawn_by)
        VALUES (%(consent_id)s, %(region_code)s, %(at)s, %(by)s)
        ON CONFLICT (consent_id) DO NOTHING
        """,
        {
            "consent_id": consent.consent_id,
            "region_code": consent.region_code,
            "at": at,
            "by": by,
        },
    )
