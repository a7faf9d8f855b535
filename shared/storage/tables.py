"""Tables that every service has, on the service's own metadata.

SQLModel shares one global metadata by default; two services in one process would then declare the
same table twice. Each service makes its own here.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

ANSWERS_TABLE, ANSWER_COLUMN = "idempotency_key", "body_sealed"
"""Where answers are kept for requests that are sent again; each is sealed under `answer_id`."""

Instant = DateTime(timezone=True)


def service_metadata() -> MetaData:
    """Return a fresh metadata with the house's constraint names."""
    return MetaData(naming_convention=NAMING_CONVENTION)


def platform_tables(metadata: MetaData) -> None:
    """Declare outbox, inbox, rejected_item, idempotency_key and lease on `metadata`."""
    _outbox(metadata)
    _inbox(metadata)
    Table(
        ANSWERS_TABLE,
        metadata,
        Column("client", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer),
        # Answers from before they were sealed; none is written any more.
        Column("body", LargeBinary),
        Column("answer_id", Uuid),
        Column(ANSWER_COLUMN, LargeBinary),
        Column("created_at", Instant, nullable=False, server_default=text("now()")),
    )
    Table(
        "lease",
        metadata,
        Column("name", Text, primary_key=True),
        Column("owner", Text, nullable=False),
        Column("token", BigInteger, nullable=False),
        Column("expires_at", Instant, nullable=False),
    )


def _outbox(metadata: MetaData) -> None:
    table = Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("type", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", Instant, nullable=False, server_default=text("now()")),
        Column("claimed_until", Instant),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("last_error", Text),
        Column("sent_at", Instant),
    )
    Index("outbox_waiting", table.c.position, postgresql_where=table.c.sent_at.is_(None))


def _inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("consumer", Text, primary_key=True),
        Column("claimed_at", Instant, nullable=False, server_default=text("now()")),
    )
    Table(
        "rejected_item",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("consumer", Text, primary_key=True),
        Column("item_index", Integer, primary_key=True),
        Column("type", Text, nullable=False),
        Column("subject_id", Uuid),
        Column("code", Text, nullable=False),
        Column("item", JSONB),
        Column("rejected_at", Instant, nullable=False, server_default=text("now()")),
    )
