"""Blocks that seal the access log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class AccessBlockRow(RegistryTable, table=True):
    """Some final rows of the access log, in their order, as a link of a signed chain.

    `digests` holds 32 bytes for each row, `last_written_in` and `last_access_id` say where the
    block ends. Never changed: only the owner of the tables could.
    """

    __tablename__ = "access_block"
    __table_args__ = (
        UniqueConstraint("hash"),
        CheckConstraint("rows > 0 AND octet_length(digests) = 32 * rows", name="digest_per_row"),
    )

    number: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    last_written_in: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_access_id: UUID
    rows: int
    digests: bytes = Field(sa_column=sealed_column())
    previous_hash: bytes = Field(sa_column=sealed_column())
    hash: bytes = Field(sa_column=sealed_column())
    key_id: str = Field(sa_column=text_column())
    signature: bytes = Field(sa_column=sealed_column())
    sealed_at: datetime = Field(sa_column=instant_column())
