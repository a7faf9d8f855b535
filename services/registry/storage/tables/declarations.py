"""Declarations with their receipts, guardians, and what other administrations attest."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class DeclarationRow(RegistryTable, table=True):
    """One declaration, and the receipt given for it; never changed.

    `household_id` and `version` are what it made of the household it is about; null if it is about
    a person alone. `effective_on` is the day from which that version is true. A line of an import
    is a declaration without evidence, `recorded_in` its job. `written_in` is the transaction of the
    row: followers of life events read in that order.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        UniqueConstraint("receipt_number"),
        Index("declaration_of_household", "household_id", "version"),
        Index(
            "declaration_of_life_event",
            "written_in",
            postgresql_where=text("verb IN ('birth', 'death', 'marriage', 'separation')"),
        ),
    )

    declaration_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    receipt_number: str = Field(sa_column=text_column())
    verb: str = Field(sa_column=text_column())
    client: str | None = Field(sa_column=text_column(nullable=True))
    household_id: UUID | None
    version: int | None
    declarant_id: UUID | None
    occurred_on: date
    effective_on: date
    declared_on: date
    late: bool
    evidence_kind: str | None = Field(sa_column=text_column(nullable=True))
    evidence_sealed: bytes | None = Field(sa_column=sealed_column(nullable=True))
    recorded_in: UUID
    recorded_at: datetime = Field(sa_column=instant_column())
    written_in: int = Field(
        sa_column=Column(
            BigInteger,
            nullable=False,
            server_default=text("(pg_current_xact_id()::text::bigint)"),
        )
    )


class DeclarationSubjectRow(RegistryTable, table=True):
    """A person or household that a declaration is about, and its part in it; never changed."""

    __tablename__ = "declaration_subject"
    __table_args__ = (
        CheckConstraint("num_nonnulls(person_id, household_id) = 1", name="names_one_subject"),
    )

    declaration_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_column=text_column())
    part: str = Field(sa_column=text_column())
    person_id: UUID | None = Field(index=True)
    household_id: UUID | None = Field(index=True)
    version: int | None


class GuardianshipRow(RegistryTable, table=True):
    """Who answers for a person, and in what relation; a later version ends it. Never changed."""

    __tablename__ = "guardianship"

    guardianship_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_column=text_column())
    person_id: UUID = Field(index=True)
    guardian_id: UUID = Field(index=True)
    relation: str = Field(sa_column=text_column())
    valid_from: date
    valid_to: date | None
    evidence_kind: str = Field(sa_column=text_column())
    evidence_sealed: bytes | None = Field(sa_column=sealed_column(nullable=True))
    client: str = Field(sa_column=text_column())
    recorded_at: datetime = Field(sa_column=instant_column())


class AttestationRow(RegistryTable, table=True):
    """A fact about a person that another administration vouches for; never changed.

    What the same source says anew of the same fact and first day is a later version.
    """

    __tablename__ = "attestation"

    person_id: UUID = Field(primary_key=True)
    source: str = Field(sa_column=text_column(primary_key=True))
    fact: str = Field(sa_column=text_column(primary_key=True))
    valid_from: date = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_column=text_column())
    value: Any = Field(sa_column=Column(JSONB, nullable=False))
    valid_to: date | None
    reported_in: UUID
    recorded_at: datetime = Field(sa_column=instant_column())


class AttestationDueRow(RegistryTable, table=True):
    """A person whose household must be announced again on a day, for what is attested changes."""

    __tablename__ = "attestation_due"

    person_id: UUID = Field(primary_key=True)
    due_on: date = Field(primary_key=True, index=True)
    region_code: str = Field(sa_column=text_column())


class DeceasedDueRow(RegistryTable, table=True):
    """A person whom a file let die, and whose household goes on without them once it is applied."""

    __tablename__ = "deceased_due"

    person_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    job_id: UUID
    effective_on: date
