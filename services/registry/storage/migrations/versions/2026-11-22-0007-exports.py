"""Imports as CSV; exports in bulk."""

from alembic import op

revision = "registry_0007"
down_revision = "registry_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)


_TABLES = (
    """
    ALTER TABLE import_job
        ADD COLUMN file_format text NOT NULL DEFAULT 'jsonl',
        ADD CONSTRAINT ck_import_job_file_format_known CHECK (file_format IN ('jsonl', 'csv'))
    """,
    """
    CREATE TABLE export_job (
        export_id uuid NOT NULL,
        client text NOT NULL,
        purpose text NOT NULL,
        kind text NOT NULL,
        regions text[] NOT NULL,
        province_code text,
        attributes text[] NOT NULL,
        identifier text NOT NULL,
        valid_on date NOT NULL,
        known_at timestamptz NOT NULL,
        state text NOT NULL,
        failure_code text,
        last_id uuid,
        blocks integer NOT NULL DEFAULT 0,
        lines bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        completed_at timestamptz,
        CONSTRAINT pk_export_job PRIMARY KEY (export_id),
        CONSTRAINT ck_export_job_kind_known CHECK (kind IN ('persons', 'households')),
        CONSTRAINT ck_export_job_state_known CHECK (
            state IN ('requested', 'writing', 'completed', 'failed', 'forgotten'))
    )
    """,
    """
    CREATE INDEX export_job_unfinished ON export_job (created_at)
        WHERE state IN ('requested', 'writing')
    """,
    """
    CREATE TABLE export_block (
        export_id uuid NOT NULL,
        number integer NOT NULL,
        block_id uuid NOT NULL,
        lines integer NOT NULL,
        body_sealed bytea NOT NULL,
        CONSTRAINT pk_export_block PRIMARY KEY (export_id, number)
    )
    """,
    # Sealed bytes do not compress; trying costs time.
    "ALTER TABLE export_block ALTER COLUMN body_sealed SET STORAGE EXTERNAL",
)
