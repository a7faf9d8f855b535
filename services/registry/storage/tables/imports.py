"""Imports: files of declarations, their lines until applied, and the refusals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    NO_COUNT,
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class ImportJobRow(RegistryTable, table=True):
    """A file of declarations, from its first byte to its last line."""

    __tablename__ = "import_job"
    __table_args__ = (
        UniqueConstraint("client", "idempotency_key"),
        CheckConstraint(
            "state IN ('receiving', 'received', 'applying', 'completed', 'failed')",
            name="state_known",
        ),
        CheckConstraint("file_format IN ('jsonl', 'csv')", name="file_format_known"),
        Index(
            "import_job_unfinished",
            "received_at",
            postgresql_where=text("state IN ('received', 'applying')"),
        ),
    )

    job_id: UUID = Field(primary_key=True)
    client: str = Field(sa_column=text_column())
    idempotency_key: str = Field(sa_column=text_column())
    file_digest: bytes = Field(sa_column=sealed_column())
    file_format: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'jsonl'")))
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=text_column())
    attempt: int
    failure_code: str | None = Field(sa_column=text_column(nullable=True))
    blocks_total: int = Field(sa_column_kwargs=NO_COUNT)
    blocks_done: int = Field(sa_column_kwargs=NO_COUNT)
    lines_total: int = Field(sa_column_kwargs=NO_COUNT)
    lines_done: int = Field(sa_column_kwargs=NO_COUNT)
    persons_recorded: int = Field(sa_column_kwargs=NO_COUNT)
    households_recorded: int = Field(sa_column_kwargs=NO_COUNT)
    unchanged: int = Field(sa_column_kwargs=NO_COUNT)
    rejected: int = Field(sa_column_kwargs=NO_COUNT)
    created_at: datetime = Field(sa_column=instant_column())
    received_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    completed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class ImportBlockRow(RegistryTable, table=True):
    """Some received lines, sealed, until they are applied."""

    __tablename__ = "import_block"

    job_id: UUID = Field(primary_key=True)
    attempt: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    block_id: UUID
    first_line: int
    lines: int
    body_sealed: bytes = Field(sa_column=sealed_column())


class ImportRejectRow(RegistryTable, table=True):
    """Why a line was refused: where and what for, never what it said."""

    __tablename__ = "import_reject"

    job_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    field: str = Field(sa_column=text_column())
    code: str = Field(sa_column=text_column())
