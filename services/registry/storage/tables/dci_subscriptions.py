"""Subscriptions to events of the DCI registers, and the notifications that are due to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.storage.tables.columns import (
    RegistryTable,
    instant_column,
    sealed_column,
    text_column,
)


class DciSubscriptionRow(RegistryTable, table=True):
    """What a partner waits to be told, until it ends that or the time is over.

    `filter` names attributes and values, and people by their pseudonyms alone. If it does nothing
    but name people or households, `by_subject` is true and they stand in rows of their own, so that
    an event finds its subscriptions by an index however many there are.
    """

    __tablename__ = "dci_subscription"
    __table_args__ = (
        Index(
            "dci_subscription_standing",
            "client",
            "filter_digest",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "dci_subscription_by_filter",
            "client",
            postgresql_where=text("ended_at IS NULL AND NOT by_subject"),
        ),
        Index(
            "dci_subscription_awaiting",
            "event_type",
            "record_type",
            "by_subject",
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    code: str = Field(sa_column=text_column(primary_key=True))
    client: str = Field(sa_column=text_column())
    sender_id: str = Field(sa_column=text_column())
    event_type: str = Field(sa_column=text_column())
    record_type: str = Field(sa_column=text_column())
    purpose: str = Field(sa_column=text_column())
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    notify_uri: str = Field(sa_column=text_column())
    filter: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    filter_digest: bytes = Field(sa_column=sealed_column())
    by_subject: bool
    frequency: str | None = Field(sa_column=text_column(nullable=True))
    starts_at: datetime = Field(sa_column=instant_column())
    ends_at: datetime = Field(sa_column=instant_column())
    created_at: datetime = Field(sa_column=instant_column())
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class DciSubscriptionSubjectRow(RegistryTable, table=True):
    """A person or household that a standing subscription names."""

    __tablename__ = "dci_subscription_subject"

    code: str = Field(sa_column=text_column(primary_key=True))
    subject_id: UUID = Field(primary_key=True, index=True)
    region_code: str = Field(sa_column=text_column())


class DciNotificationRow(RegistryTable, table=True):
    """An event that a subscription waits for: whom it is about, never what is told of them.

    The record is written when the notification is queued. One cause is told once to a subscription.
    """

    __tablename__ = "dci_notification"
    __table_args__ = (
        UniqueConstraint(
            "code",
            "event_type",
            "subject_id",
            "cause_id",
            "cause_version",
            name="dci_notification_once",
        ),
        Index(
            "dci_notification_waiting",
            "due_at",
            postgresql_where=text("queued_at IS NULL"),
        ),
    )

    notification_id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=text_column())
    event_type: str = Field(sa_column=text_column())
    subject_id: UUID
    region_code: str = Field(sa_column=text_column())
    cause_id: UUID
    cause_version: int
    occurred_at: datetime = Field(sa_column=instant_column())
    due_at: datetime = Field(sa_column=instant_column())
    queued_at: datetime | None = Field(sa_column=instant_column(nullable=True))
