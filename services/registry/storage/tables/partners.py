"""Partners: what each agreed to, whom persons consented to, and how much of a day is used."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class PartnerPolicyRow(RegistryTable, table=True):
    """A version of what one client may learn; never changed, the newest is in force."""

    __tablename__ = "partner_policy"
    __table_args__ = (
        CheckConstraint("identifier IN ('idcs', 'token')", name="identifier_known"),
        CheckConstraint("quota_per_day >= 0", name="quota_not_negative"),
    )

    client: str = Field(sa_column=text_column(primary_key=True))
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name_ar: str = Field(sa_column=text_column())
    name_fr: str = Field(sa_column=text_column())
    purposes: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    told: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    verified: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    detail: bool
    identifier: str = Field(sa_column=text_column())
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    quota_per_day: int
    batch: bool
    dci: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True), nullable=True))
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class ConsentRow(RegistryTable, table=True):
    """A person's consent that one client learns some attributes for one purpose; never changed."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_of_person", "person_id", "client", "purpose"),)

    consent_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    person_id: UUID
    client: str = Field(sa_column=text_column())
    purpose: str = Field(sa_column=text_column())
    attributes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    valid_from: date
    valid_until: date
    evidence_kind: str = Field(sa_column=text_column())
    evidence_sealed: bytes = Field(sa_column=sealed_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    recorded_by: str = Field(sa_column=text_column())


class ConsentWithdrawalRow(RegistryTable, table=True):
    """The end of a consent by the person's own wish; never changed."""

    __tablename__ = "consent_withdrawal"

    consent_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    withdrawn_at: datetime = Field(sa_column=instant_column())
    withdrawn_by: str = Field(sa_column=text_column())


class PartnerQuotaRow(RegistryTable, table=True):
    """How much of a client's day its replicas have set aside; they spend from slices."""

    __tablename__ = "partner_quota"

    client: str = Field(sa_column=text_column(primary_key=True))
    day: date = Field(primary_key=True)
    reserved: int
