"""Templates, contacts, what stands, messages with their parts, receipts."""

from alembic import op

from shared.storage.migrations import (
    append_only,
    create_platform_tables,
    month_partitioned,
    row_security,
)

revision = "notifications_0001"
down_revision = None
branch_labels = None
depends_on = None

_REGIONAL = (
    "contact",
    "assessment_standing",
    "decision_standing",
    "instruction_standing",
    "message_key",
    "message",
    "message_part",
    "receipt",
)

_TABLES = (
    """
    CREATE TABLE template_version (
        key text NOT NULL,
        version integer NOT NULL,
        language text NOT NULL,
        body text NOT NULL,
        origin text NOT NULL,
        source text,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_template_version PRIMARY KEY (key, version, language)
    )
    """,
    """
    CREATE TABLE contact (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version bigint NOT NULL,
        language text NOT NULL,
        phone_sealed bytea,
        phone_index bytea,
        review_date date,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_contact PRIMARY KEY (household_id)
    )
    """,
    "CREATE INDEX contact_phone_index ON contact (phone_index)",
    """
    CREATE TABLE assessment_standing (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version bigint NOT NULL,
        index_value numeric(13, 10) NOT NULL,
        CONSTRAINT pk_assessment_standing PRIMARY KEY (household_id)
    )
    """,
    """
    CREATE TABLE decision_standing (
        household_id uuid NOT NULL,
        programme text NOT NULL,
        region_code text NOT NULL,
        version bigint NOT NULL,
        is_eligible boolean NOT NULL,
        amount_centimes bigint NOT NULL,
        CONSTRAINT pk_decision_standing PRIMARY KEY (household_id, programme)
    )
    """,
    """
    CREATE TABLE instruction_standing (
        instruction_id uuid NOT NULL,
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL,
        CONSTRAINT pk_instruction_standing PRIMARY KEY (instruction_id)
    )
    """,
    """
    CREATE TABLE message_key (
        dedupe_key text NOT NULL,
        message_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        region_code text NOT NULL,
        CONSTRAINT pk_message_key PRIMARY KEY (dedupe_key)
    )
    """,
    """
    CREATE TABLE message (
        message_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        region_code text NOT NULL,
        household_id uuid NOT NULL,
        stage text NOT NULL,
        topics text[] NOT NULL,
        sentences jsonb NOT NULL,
        language text,
        text_sealed bytea,
        parts_count smallint,
        state text NOT NULL,
        version integer NOT NULL DEFAULT 1,
        not_before timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        deferrals smallint NOT NULL DEFAULT 0,
        is_resent boolean NOT NULL DEFAULT false,
        fence bigint,
        leased_until timestamptz,
        submitted_at timestamptz,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_message PRIMARY KEY (message_id, created_at)
    ) PARTITION BY RANGE (created_at)
    """,
    """
    CREATE INDEX message_due ON message (not_before)
        WHERE state = 'QUEUED' OR (state = 'SUBMIT_UNKNOWN' AND NOT is_resent)
    """,
    "CREATE INDEX message_household ON message (household_id)",
    "CREATE INDEX message_waiting ON message (expires_at) WHERE state = 'AWAITING_CONTACT'",
    "CREATE INDEX message_leased ON message (leased_until) WHERE state = 'SUBMITTING'",
    """
    CREATE INDEX message_open ON message (submitted_at)
        WHERE state IN ('SUBMITTED', 'SUBMIT_UNKNOWN')
    """,
    """
    CREATE TABLE message_part (
        message_id uuid NOT NULL,
        sequence smallint NOT NULL,
        message_created_at timestamptz NOT NULL,
        region_code text NOT NULL,
        provider text NOT NULL,
        provider_message_id text,
        state text NOT NULL,
        state_rank smallint NOT NULL,
        status bigint NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_message_part PRIMARY KEY (message_id, sequence)
    )
    """,
    "CREATE INDEX message_part_provider ON message_part (provider_message_id)",
    """
    CREATE TABLE receipt (
        received_at timestamptz NOT NULL,
        receipt_id uuid NOT NULL,
        provider text NOT NULL,
        provider_message_id text,
        word text NOT NULL,
        state text,
        raw_sealed bytea NOT NULL,
        message_id uuid,
        region_code text,
        CONSTRAINT pk_receipt PRIMARY KEY (received_at, receipt_id)
    ) PARTITION BY RANGE (received_at)
    """,
    """
    CREATE INDEX receipt_unmatched ON receipt (provider_message_id)
        WHERE message_id IS NULL AND provider_message_id IS NOT NULL
    """,
    """
    CREATE TABLE provider_state (
        provider text NOT NULL,
        state text NOT NULL,
        detail text,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_provider_state PRIMARY KEY (provider)
    )
    """,
)


def upgrade() -> None:
    """Create everything the service stores."""
    create_platform_tables(op)
    for statement in _TABLES:
        op.execute(statement)
    append_only(op, "template_version")
    for table in _REGIONAL:
        row_security(op, table)
    for table in ("message", "receipt"):
        month_partitioned(op, table)


def downgrade() -> None:
    """Refuse: the first migration is undone by dropping the database."""
    message = "Drop the database instead."
    raise RuntimeError(message)
