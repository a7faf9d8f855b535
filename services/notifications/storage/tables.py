"""The tables of the notifications service.

`message` and `receipt` are partitioned by business month; `message_key` is not, so that a
household is told of a business event once, for ever.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.storage.tables import Instant, platform_tables, service_metadata

DUE = "state = 'QUEUED' OR (state = 'SUBMIT_UNKNOWN' AND NOT is_resent)"
OPEN = "state IN ('SUBMITTED', 'SUBMIT_UNKNOWN')"


class NotificationsTable(SQLModel):
    """What all tables of this service share."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(NotificationsTable.metadata)


class TemplateVersionRow(NotificationsTable, table=True):
    """A wording as it was when it could first be sent; never changed afterwards."""

    __tablename__ = "template_version"

    key: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(sa_column=Column(Integer, primary_key=True))
    language: str = Field(sa_column=Column(Text, primary_key=True))
    body: str = Field(sa_column=Column(Text, nullable=False))
    origin: str = Field(sa_column=Column(Text, nullable=False))
    source: str | None = Field(sa_column=Column(Text))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ContactRow(NotificationsTable, table=True):
    """How a household is reached: the newest version the registry told."""

    __tablename__ = "contact"
    __table_args__ = (Index("contact_phone_index", "phone_index"),)

    household_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    language: str = Field(sa_column=Column(Text, nullable=False))
    phone_sealed: bytes | None = Field(sa_column=Column(LargeBinary))
    phone_index: bytes | None = Field(sa_column=Column(LargeBinary))
    review_date: date | None = Field(sa_column=Column(Date))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class HouseholdRegionRow(NotificationsTable, table=True):
    """Where a household lives by its newest version: whose staff sees what it was told."""

    __tablename__ = "household_region"

    household_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class AssessmentStandingRow(NotificationsTable, table=True):
    """The newest index of a household, so that an older or equal one is not told again."""

    __tablename__ = "assessment_standing"

    household_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    index_value: Decimal = Field(sa_column=Column(Numeric(13, 10), nullable=False))


class DecisionStandingRow(NotificationsTable, table=True):
    """The newest decision of a household and programme."""

    __tablename__ = "decision_standing"

    household_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    programme: str = Field(sa_column=Column(Text, primary_key=True))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    is_eligible: bool = Field(sa_column=Column(Boolean, nullable=False))
    amount_centimes: int = Field(sa_column=Column(BigInteger, nullable=False))


class InstructionStandingRow(NotificationsTable, table=True):
    """The newest state of a payment instruction."""

    __tablename__ = "instruction_standing"

    instruction_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    household_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))


class MessageKeyRow(NotificationsTable, table=True):
    """That a household was told of a business event; kept for ever."""

    __tablename__ = "message_key"

    dedupe_key: str = Field(sa_column=Column(Text, primary_key=True))
    message_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    region_code: str = Field(sa_column=Column(Text, nullable=False))


class MessageRow(NotificationsTable, table=True):
    """What one household is told at one stage, from its cause to the handset.

    `created_at`, `not_before`, `expires_at`, `submitted_at` and `changed_at` are business
    instants; `leased_until` is the database's own: after it, a submission is of unknown outcome.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("message_due", "not_before", postgresql_where=text(DUE)),
        Index("message_household", "household_id"),
        Index("message_waiting", "expires_at", postgresql_where=text("state = 'AWAITING_CONTACT'")),
        Index("message_leased", "leased_until", postgresql_where=text("state = 'SUBMITTING'")),
        Index("message_open", "submitted_at", postgresql_where=text(OPEN)),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    # The id stands first: no statement may walk a month of the key to find a few messages.
    message_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    created_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    household_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    stage: str = Field(sa_column=Column(Text, nullable=False))
    topics: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    sentences: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    language: str | None = Field(sa_column=Column(Text))
    text_sealed: bytes | None = Field(sa_column=Column(LargeBinary))
    parts_count: int | None = Field(sa_column=Column(SmallInteger))
    state: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("1")))
    not_before: datetime = Field(sa_column=Column(Instant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    deferrals: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    is_resent: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    fence: int | None = Field(sa_column=Column(BigInteger))
    leased_until: datetime | None = Field(sa_column=Column(Instant))
    submitted_at: datetime | None = Field(sa_column=Column(Instant))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class MessagePartRow(NotificationsTable, table=True):
    """One SMS of a message, once the SMS centre has answered for it."""

    __tablename__ = "message_part"
    __table_args__ = (Index("message_part_provider", "provider_message_id"),)

    message_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    sequence: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    message_created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    region_code: str = Field(sa_column=Column(Text, nullable=False))
    provider: str = Field(sa_column=Column(Text, nullable=False))
    provider_message_id: str | None = Field(sa_column=Column(Text))
    state: str = Field(sa_column=Column(Text, nullable=False))
    state_rank: int = Field(sa_column=Column(SmallInteger, nullable=False))
    status: int = Field(sa_column=Column(BigInteger, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ReceiptRow(NotificationsTable, table=True):
    """A receipt as it came, kept before it was acknowledged; without a message until matched."""

    __tablename__ = "receipt"
    __table_args__ = (
        Index(
            "receipt_unmatched",
            "provider_message_id",
            postgresql_where=text("message_id IS NULL AND provider_message_id IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    received_at: datetime = Field(sa_column=Column(Instant, primary_key=True))
    receipt_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    provider: str = Field(sa_column=Column(Text, nullable=False))
    provider_message_id: str | None = Field(sa_column=Column(Text))
    word: str = Field(sa_column=Column(Text, nullable=False))
    state: str | None = Field(sa_column=Column(Text))
    raw_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    message_id: UUID | None = Field(sa_column=Column(Uuid))
    region_code: str | None = Field(sa_column=Column(Text))


class ProviderStateRow(NotificationsTable, table=True):
    """Whether the bind to an SMS centre stands, and how fast it goes."""

    __tablename__ = "provider_state"

    provider: str = Field(sa_column=Column(Text, primary_key=True))
    state: str = Field(sa_column=Column(Text, nullable=False))
    detail: str | None = Field(sa_column=Column(Text))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))
