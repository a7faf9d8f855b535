"""Subscriptions to events of the registers."""

from alembic import op

from shared.storage.migrations import row_security

revision = "registry_0009"
down_revision = "registry_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)
    for table in ("dci_subscription_subject", "dci_notification"):
        row_security(op, table)


_TABLES = (
    """
    CREATE TABLE dci_subscription (
        code text NOT NULL,
        client text NOT NULL,
        sender_id text NOT NULL,
        event_type text NOT NULL,
        record_type text NOT NULL,
        purpose text NOT NULL,
        regions text[] NOT NULL,
        notify_uri text NOT NULL,
        filter jsonb NOT NULL,
        filter_digest bytea NOT NULL,
        by_subject boolean NOT NULL,
        frequency text,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_dci_subscription PRIMARY KEY (code)
    )
    """,
    """
    CREATE UNIQUE INDEX dci_subscription_standing ON dci_subscription (client, filter_digest)
        WHERE ended_at IS NULL
    """,
    """
    CREATE INDEX dci_subscription_by_filter ON dci_subscription (client)
        WHERE ended_at IS NULL AND NOT by_subject
    """,
    """
    CREATE INDEX dci_subscription_awaiting
        ON dci_subscription (event_type, record_type, by_subject) WHERE ended_at IS NULL
    """,
    """
    CREATE TABLE dci_subscription_subject (
        code text NOT NULL,
        subject_id uuid NOT NULL,
        region_code text NOT NULL,
        CONSTRAINT pk_dci_subscription_subject PRIMARY KEY (code, subject_id)
    )
    """,
    """
    CREATE INDEX ix_dci_subscription_subject_subject_id ON dci_subscription_subject (subject_id)
    """,
    """
    CREATE TABLE dci_notification (
        notification_id uuid NOT NULL,
        code text NOT NULL,
        event_type text NOT NULL,
        subject_id uuid NOT NULL,
        region_code text NOT NULL,
        cause_id uuid NOT NULL,
        cause_version integer NOT NULL,
        occurred_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        queued_at timestamptz,
        CONSTRAINT pk_dci_notification PRIMARY KEY (notification_id),
        CONSTRAINT dci_notification_once
            UNIQUE (code, event_type, subject_id, cause_id, cause_version)
    )
    """,
    """
    CREATE INDEX dci_notification_waiting ON dci_notification (due_at)
        WHERE queued_at IS NULL
    """,
)
