"""Messages of the DCI standard, and their callbacks."""

from alembic import op

revision = "registry_0008"
down_revision = "registry_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)


_TABLES = (
    """
    CREATE TABLE dci_message (
        message_key uuid NOT NULL,
        client text NOT NULL,
        register_name text NOT NULL,
        action text NOT NULL,
        sender_id text NOT NULL,
        message_blind bytea NOT NULL,
        transaction_blind bytea NOT NULL,
        reference_blinds bytea[] NOT NULL,
        digest bytea NOT NULL,
        purpose text,
        regions text[] NOT NULL,
        programmes text[] NOT NULL,
        state text NOT NULL,
        items integer NOT NULL,
        request_sealed bytea,
        outcome_sealed bytea NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        claimed_until timestamptz,
        received_at timestamptz NOT NULL,
        answered_at timestamptz,
        CONSTRAINT pk_dci_message PRIMARY KEY (message_key),
        CONSTRAINT uq_dci_message_client_register_name_message_blind
            UNIQUE (client, register_name, message_blind),
        CONSTRAINT ck_dci_message_state_known
            CHECK (state IN ('received', 'answering', 'answered', 'failed'))
    )
    """,
    "CREATE INDEX dci_message_waiting ON dci_message (received_at) WHERE state = 'received'",
    "CREATE INDEX dci_message_of_transaction ON dci_message (transaction_blind)",
    "CREATE INDEX dci_message_of_reference ON dci_message USING gin (reference_blinds)",
    """
    CREATE TABLE dci_callback (
        callback_id uuid NOT NULL,
        message_key uuid,
        client text NOT NULL,
        register_name text NOT NULL,
        action text NOT NULL,
        state text NOT NULL,
        uri_sealed bytea NOT NULL,
        body_sealed bytea,
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz,
        claimed_until timestamptz,
        last_error text,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT pk_dci_callback PRIMARY KEY (callback_id),
        CONSTRAINT ck_dci_callback_state_known
            CHECK (state IN ('due', 'delivered', 'refused', 'given-up'))
    )
    """,
    "CREATE INDEX dci_callback_due ON dci_callback (next_attempt_at) WHERE state = 'due'",
    "CREATE INDEX dci_callback_of_client ON dci_callback (client) WHERE state = 'due'",
)
