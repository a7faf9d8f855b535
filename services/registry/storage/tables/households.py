"""Households: a current row each, every version, and who lives where now."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class HouseholdRow(RegistryTable, table=True):
    """A household's current version, found by the blind index of its RSU reference.

    `state` is `standing`, or `dissolved` if nobody lives in it any more.
    """

    __tablename__ = "household"
    __table_args__ = (UniqueConstraint("reference_blind"),)

    household_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    reference_blind: bytes = Field(sa_column=sealed_column())
    reference_sealed: bytes = Field(sa_column=sealed_column())
    version: int
    valid_from: date
    content_digest: bytes = Field(sa_column=sealed_column())
    seen_in: UUID
    state: str = Field(sa_column=text_column())


class HouseholdVersionRow(RegistryTable, table=True):
    """What a household declared for a date on, as recorded at an instant; never changed."""

    __tablename__ = "household_version"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version_id: UUID
    region_code: str = Field(sa_column=text_column())
    province_code: str = Field(sa_column=text_column())
    commune_code: str = Field(sa_column=text_column())
    milieu: str = Field(sa_column=text_column())
    language: str = Field(sa_column=text_column())
    phone_sealed: bytes | None = Field(sa_column=sealed_column(nullable=True))
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    review_on: date
    valid_from: date
    recorded_at: datetime = Field(sa_column=instant_column())
    state: str = Field(sa_column=text_column())


class HouseholdMemberRow(RegistryTable, table=True):
    """A member as one version of a household lists them; never changed.

    Birth date and sex are repeated from the person, so that what others were told can be told
    again exactly.
    """

    __tablename__ = "household_member"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person_id: UUID = Field(primary_key=True, index=True)
    region_code: str = Field(sa_column=text_column())
    birth_date: date
    sex: str = Field(sa_column=text_column())
    kinship: str = Field(sa_column=text_column())
    head: bool
    declarant: bool
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class ResidenceRow(RegistryTable, table=True):
    """The one household that a person lives in now; the key forbids a second."""

    __tablename__ = "residence"

    person_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    region_code: str = Field(sa_column=text_column())
