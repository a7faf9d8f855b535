"""The access log: who was disclosed to whom, and what for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import RegistryTable, instant_column, text_column
from shared.storage.tables import Instant


class AccessLogRow(RegistryTable, table=True):
    """One person or household disclosed to one caller for one purpose; never changed.

    `attributes` are those asked about or disclosed, `result` what the caller learnt. `written_in`
    is the transaction of the row: the sealer takes rows in that order, once it is final.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        CheckConstraint("num_nonnulls(person_id, household_id) > 0", name="names_a_subject"),
        Index("access_log_of_person", "person_id", "accessed_at"),
        Index("access_log_in_order", "written_in", "access_id"),
        {"postgresql_partition_by": "RANGE (accessed_at)"},
    )

    access_id: UUID = Field(primary_key=True)
    accessed_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    client: str = Field(sa_column=text_column())
    purpose: str = Field(sa_column=text_column())
    action: str = Field(sa_column=text_column())
    attributes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    result: str = Field(sa_column=text_column())
    consent_id: UUID | None
    person_id: UUID | None
    household_id: UUID | None
    region_code: str = Field(sa_column=text_column())
    valid_on: date = Field(sa_column=Column(Date, nullable=False))
    known_at: datetime = Field(sa_column=instant_column())
    written_in: int = Field(
        sa_column=Column(
            BigInteger,
            nullable=False,
            server_default=text("(pg_current_xact_id()::text::bigint)"),
        )
    )
