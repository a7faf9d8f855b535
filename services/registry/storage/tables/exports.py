"""Exports: what was asked for, how far it is written, and the lines until they are forgotten."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    NO_COUNT,
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class ExportJobRow(RegistryTable, table=True):
    """A request for many records; every subject it discloses has a row in the access log."""

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint("kind IN ('persons', 'households')", name="kind_known"),
        CheckConstraint(
            "state IN ('requested', 'writing', 'completed', 'failed', 'forgotten')",
            name="state_known",
        ),
        Index(
            "export_job_unfinished",
            "created_at",
            postgresql_where=text("state IN ('requested', 'writing')"),
        ),
    )

    export_id: UUID = Field(primary_key=True)
    client: str = Field(sa_column=text_column())
    purpose: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    province_code: str | None = Field(sa_column=text_column(nullable=True))
    attributes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    identifier: str = Field(sa_column=text_column())
    valid_on: date
    known_at: datetime = Field(sa_column=instant_column())
    state: str = Field(sa_column=text_column())
    failure_code: str | None = Field(sa_column=text_column(nullable=True))
    last_id: UUID | None
    blocks: int = Field(sa_column_kwargs=NO_COUNT)
    lines: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    created_at: datetime = Field(sa_column=instant_column())
    completed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class ExportBlockRow(RegistryTable, table=True):
    """Some lines of an export, sealed, in the order of their number."""

    __tablename__ = "export_block"

    export_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    block_id: UUID
    lines: int
    body_sealed: bytes = Field(sa_column=sealed_column())
