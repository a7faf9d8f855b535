"""The registry's tables, as rows; the migrations make them, the queries name their columns."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from shared.storage.tables import Instant, platform_tables, service_metadata

NO_COUNT = {"server_default": text("0")}


class RegistryTable(SQLModel):
    """Carries the metadata that only this service's tables live on."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(RegistryTable.metadata)


def _text(*, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(Text, nullable=nullable, primary_key=primary_key)


def _sealed(*, nullable: bool = False) -> Column[Any]:
    return Column(LargeBinary, nullable=nullable)


def _instant(*, nullable: bool = False) -> Column[Any]:
    return Column(Instant, nullable=nullable)


class PersonRow(RegistryTable, table=True):
    """A person's current version, found by the blind index of their IDCS."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("idcs_blind"),)

    person_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=_text())
    idcs_blind: bytes = Field(sa_column=_sealed())
    idcs_sealed: bytes = Field(sa_column=_sealed())
    version: int
    content_digest: bytes = Field(sa_column=_sealed())
    seen_in: UUID


class PersonVersionRow(RegistryTable, table=True):
    """What was known of a person from a date on, as recorded at an instant; never changed.

    Names, CNIE and phone are sealed as one JSON document: they are read together or not at all.
    """

    __tablename__ = "person_version"

    person_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version_id: UUID
    region_code: str = Field(sa_column=_text())
    province_code: str = Field(sa_column=_text())
    commune_code: str = Field(sa_column=_text())
    particulars_sealed: bytes = Field(sa_column=_sealed())
    sex: str = Field(sa_column=_text())
    birth_date: date
    birth_commune_code: str | None = Field(sa_column=_text(nullable=True))
    nationality: str = Field(sa_column=_text())
    status: str = Field(sa_column=_text())
    valid_from: date
    recorded_at: datetime = Field(sa_column=_instant())


class HouseholdRow(RegistryTable, table=True):
    """A household's current version, found by the blind index of its RSU reference."""

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("reference_blind"),)

    household_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=_text())
    reference_blind: bytes = Field(sa_column=_sealed())
    reference_sealed: bytes = Field(sa_column=_sealed())
    version: int
    valid_from: date
    content_digest: bytes = Field(sa_column=_sealed())
    seen_in: UUID


class HouseholdVersionRow(RegistryTable, table=True):
    """What a household declared for a date on, as recorded at an instant; never changed."""

    __tablename__ = "household_version"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version_id: UUID
    region_code: str = Field(sa_column=_text())
    province_code: str = Field(sa_column=_text())
    commune_code: str = Field(sa_column=_text())
    milieu: str = Field(sa_column=_text())
    language: str = Field(sa_column=_text())
    phone_sealed: bytes | None = Field(sa_column=_sealed(nullable=True))
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    review_on: date
    valid_from: date
    recorded_at: datetime = Field(sa_column=_instant())


class HouseholdMemberRow(RegistryTable, table=True):
    """A member as one version of a household lists them; never changed.

    Birth date and sex are repeated from the person, so that what others were told can be told
    again exactly.
    """

    __tablename__ = "household_member"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=_text())
    birth_date: date
    sex: str = Field(sa_column=_text())
    kinship: str = Field(sa_column=_text())
    head: bool
    declarant: bool
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class ResidenceRow(RegistryTable, table=True):
    """The one household that a person lives in now; the key forbids a second."""

    __tablename__ = "residence"

    person_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    region_code: str = Field(sa_column=_text())


class ImportJobRow(RegistryTable, table=True):
    """A file of declarations, from its first byte to its last line."""

    __tablename__ = "import_job"
    __table_args__ = (
        UniqueConstraint("client", "idempotency_key"),
        CheckConstraint(
            "state IN ('receiving', 'received', 'applying', 'completed', 'failed')",
            name="state_known",
        ),
        Index(
            "import_job_unfinished",
            "received_at",
            postgresql_where=text("state IN ('received', 'applying')"),
        ),
    )

    job_id: UUID = Field(primary_key=True)
    client: str = Field(sa_column=_text())
    idempotency_key: str = Field(sa_column=_text())
    file_digest: bytes = Field(sa_column=_sealed())
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=_text())
    attempt: int
    failure_code: str | None = Field(sa_column=_text(nullable=True))
    blocks_total: int = Field(sa_column_kwargs=NO_COUNT)
    blocks_done: int = Field(sa_column_kwargs=NO_COUNT)
    lines_total: int = Field(sa_column_kwargs=NO_COUNT)
    lines_done: int = Field(sa_column_kwargs=NO_COUNT)
    persons_recorded: int = Field(sa_column_kwargs=NO_COUNT)
    households_recorded: int = Field(sa_column_kwargs=NO_COUNT)
    unchanged: int = Field(sa_column_kwargs=NO_COUNT)
    rejected: int = Field(sa_column_kwargs=NO_COUNT)
    created_at: datetime = Field(sa_column=_instant())
    received_at: datetime | None = Field(sa_column=_instant(nullable=True))
    completed_at: datetime | None = Field(sa_column=_instant(nullable=True))


class ImportBlockRow(RegistryTable, table=True):
    """Some received lines, sealed, until they are applied."""

    __tablename__ = "import_block"

    job_id: UUID = Field(primary_key=True)
    attempt: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    block_id: UUID
    first_line: int
    lines: int
    body_sealed: bytes = Field(sa_column=_sealed())


class ImportRejectRow(RegistryTable, table=True):
    """Why a line was refused: where and what for, never what it said."""

    __tablename__ = "import_reject"

    job_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    field: str = Field(sa_column=_text())
    code: str = Field(sa_column=_text())


class AccessLogRow(RegistryTable, table=True):
    """One person or household disclosed to one caller for one purpose; never changed."""

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("num_nonnulls(person_id, household_id) > 0", name="names_a_subject"),
        {"postgresql_partition_by": "RANGE (accessed_at)"},
    )

    access_id: UUID = Field(primary_key=True)
    accessed_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    client: str = Field(sa_column=_text())
    purpose: str = Field(sa_column=_text())
    action: str = Field(sa_column=_text())
    person_id: UUID | None
    household_id: UUID | None
    region_code: str = Field(sa_column=_text())
    valid_on: date = Field(sa_column=Column(Date, nullable=False))
    known_at: datetime = Field(sa_column=_instant())
