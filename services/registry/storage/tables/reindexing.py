"""How far the blind indexes were made anew under a version of the index key."""

from uuid import UUID

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from services.registry.storage.tables.columns import RegistryTable, text_column


class ReindexingRow(RegistryTable, table=True):
    """One table's progress under one index key; the owner of the tables alone keeps it."""

    __tablename__ = "reindexing"

    key_id: str = Field(sa_column=text_column(primary_key=True))
    table_name: str = Field(sa_column=text_column(primary_key=True))
    last_id: UUID
    rows: int = Field(sa_column=Column(BigInteger, nullable=False))
    conflicts: int = Field(sa_column=Column(BigInteger, nullable=False))
    completed: bool
