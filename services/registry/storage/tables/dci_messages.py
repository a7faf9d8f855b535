"""Messages of the DCI standard, and the callbacks that answer them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    NO_COUNT,
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class DciMessageRow(RegistryTable, table=True):
    """One message of one sender; its id is the correlation id of every answer to it.

    What the sender wrote is sealed, its names of messages, transactions and items included: a
    partner may put anything into them. What it asked is forgotten once it is answered; what became
    of its items is kept for those who ask for a status.
    """

    __tablename__ = "dci_message"
    __table_args__ = (
        UniqueConstraint("client", "register_name", "message_blind"),
        CheckConstraint(
            "state IN ('received', 'answering', 'answered', 'failed')", name="state_known"
        ),
        Index("dci_message_waiting", "received_at", postgresql_where=text("state = 'received'")),
        Index("dci_message_of_transaction", "transaction_blind"),
        Index("dci_message_of_reference", "reference_blinds", postgresql_using="gin"),
    )

    message_key: UUID = Field(primary_key=True)
    client: str = Field(sa_column=text_column())
    register_name: str = Field(sa_column=text_column())
    action: str = Field(sa_column=text_column())
    sender_id: str = Field(sa_column=text_column())
    message_blind: bytes = Field(sa_column=sealed_column())
    transaction_blind: bytes = Field(sa_column=sealed_column())
    reference_blinds: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    digest: bytes = Field(sa_column=sealed_column())
    purpose: str | None = Field(sa_column=text_column(nullable=True))
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    programmes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = Field(sa_column=text_column())
    items: int
    request_sealed: bytes | None = Field(sa_column=sealed_column(nullable=True))
    outcome_sealed: bytes = Field(sa_column=sealed_column())
    attempts: int = Field(sa_column_kwargs=NO_COUNT)
    claimed_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    received_at: datetime = Field(sa_column=instant_column())
    answered_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class DciCallbackRow(RegistryTable, table=True):
    """One message of ours to a partner's address, until it is delivered or given up.

    Without `next_attempt_at` it was never tried, and is due.
    """

    __tablename__ = "dci_callback"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'delivered', 'refused', 'given-up')", name="state_known"),
        Index("dci_callback_due", "next_attempt_at", postgresql_where=text("state = 'due'")),
        Index("dci_callback_of_client", "client", postgresql_where=text("state = 'due'")),
    )

    callback_id: UUID = Field(primary_key=True)
    message_key: UUID | None
    client: str = Field(sa_column=text_column())
    register_name: str = Field(sa_column=text_column())
    action: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    uri_sealed: bytes = Field(sa_column=sealed_column())
    body_sealed: bytes | None = Field(sa_column=sealed_column(nullable=True))
    attempts: int = Field(sa_column_kwargs=NO_COUNT)
    next_attempt_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    claimed_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    last_error: str | None = Field(sa_column=text_column(nullable=True))
    created_at: datetime = Field(sa_column=instant_column())
    settled_at: datetime | None = Field(sa_column=instant_column(nullable=True))
