"""Persons, households, imports and the access log."""

from alembic import op

from shared.storage.migrations import (
    append_only,
    create_platform_tables,
    month_partitioned,
    row_security,
)

revision = "registry_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables, with the guards that are dear to add later."""
    create_platform_tables(op)
    for statement in (*_PERSONS, *_HOUSEHOLDS, *_IMPORTS, *_ACCESS_LOG):
        op.execute(statement)
    month_partitioned(op, "access_log")
    for table in (
        "person",
        "person_version",
        "household",
        "household_version",
        "household_member",
        "residence",
        "access_log",
    ):
        row_security(op, table)
    for table in ("person_version", "household_version", "household_member", "access_log"):
        append_only(op, table)


_PERSONS = (
    """
    CREATE TABLE person (
        person_id uuid NOT NULL,
        region_code text NOT NULL,
        idcs_blind bytea NOT NULL,
        idcs_sealed bytea NOT NULL,
        version integer NOT NULL,
        content_digest bytea NOT NULL,
        seen_in uuid NOT NULL,
        CONSTRAINT pk_person PRIMARY KEY (person_id),
        CONSTRAINT uq_person_idcs_blind UNIQUE (idcs_blind)
    )
    """,
    """
    CREATE TABLE person_version (
        person_id uuid NOT NULL,
        version integer NOT NULL,
        version_id uuid NOT NULL,
        region_code text NOT NULL,
        province_code text NOT NULL,
        commune_code text NOT NULL,
        particulars_sealed bytea NOT NULL,
        sex text NOT NULL,
        birth_date date NOT NULL,
        birth_commune_code text,
        nationality text NOT NULL,
        status text NOT NULL,
        valid_from date NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_person_version PRIMARY KEY (person_id, version)
    )
    """,
)

_HOUSEHOLDS = (
    """
    CREATE TABLE household (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        reference_blind bytea NOT NULL,
        reference_sealed bytea NOT NULL,
        version integer NOT NULL,
        valid_from date NOT NULL,
        content_digest bytea NOT NULL,
        seen_in uuid NOT NULL,
        CONSTRAINT pk_household PRIMARY KEY (household_id),
        CONSTRAINT uq_household_reference_blind UNIQUE (reference_blind)
    )
    """,
    """
    CREATE TABLE household_version (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        version_id uuid NOT NULL,
        region_code text NOT NULL,
        province_code text NOT NULL,
        commune_code text NOT NULL,
        milieu text NOT NULL,
        language text NOT NULL,
        phone_sealed bytea,
        facts jsonb NOT NULL,
        review_on date NOT NULL,
        valid_from date NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_household_version PRIMARY KEY (household_id, version)
    )
    """,
    """
    CREATE TABLE household_member (
        household_id uuid NOT NULL,
        version integer NOT NULL,
        person_id uuid NOT NULL,
        region_code text NOT NULL,
        birth_date date NOT NULL,
        sex text NOT NULL,
        kinship text NOT NULL,
        head boolean NOT NULL,
        declarant boolean NOT NULL,
        facts jsonb NOT NULL,
        CONSTRAINT pk_household_member PRIMARY KEY (household_id, version, person_id)
    )
    """,
    """
    CREATE TABLE residence (
        person_id uuid NOT NULL,
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        CONSTRAINT pk_residence PRIMARY KEY (person_id)
    )
    """,
    "CREATE INDEX ix_residence_household_id ON residence (household_id)",
)

_IMPORTS = (
    """
    CREATE TABLE import_job (
        job_id uuid NOT NULL,
        client text NOT NULL,
        idempotency_key text NOT NULL,
        file_digest bytea NOT NULL,
        regions text[] NOT NULL,
        state text NOT NULL,
        attempt integer NOT NULL,
        failure_code text,
        blocks_total integer NOT NULL DEFAULT 0,
        blocks_done integer NOT NULL DEFAULT 0,
        lines_total integer NOT NULL DEFAULT 0,
        lines_done integer NOT NULL DEFAULT 0,
        persons_recorded integer NOT NULL DEFAULT 0,
        households_recorded integer NOT NULL DEFAULT 0,
        unchanged integer NOT NULL DEFAULT 0,
        rejected integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        received_at timestamptz,
        completed_at timestamptz,
        CONSTRAINT pk_import_job PRIMARY KEY (job_id),
        CONSTRAINT uq_import_job_client_idempotency_key UNIQUE (client, idempotency_key),
        CONSTRAINT ck_import_job_state_known CHECK (
            state IN ('receiving', 'received', 'applying', 'completed', 'failed'))
    )
    """,
    """
    CREATE INDEX import_job_unfinished ON import_job (received_at)
        WHERE state IN ('received', 'applying')
    """,
    """
    CREATE TABLE import_block (
        job_id uuid NOT NULL,
        attempt integer NOT NULL,
        number integer NOT NULL,
        block_id uuid NOT NULL,
        first_line integer NOT NULL,
        lines integer NOT NULL,
        body_sealed bytea NOT NULL,
        CONSTRAINT pk_import_block PRIMARY KEY (job_id, attempt, number)
    )
    """,
    # Sealed bytes do not compress; trying costs time.
    "ALTER TABLE import_block ALTER COLUMN body_sealed SET STORAGE EXTERNAL",
    """
    CREATE TABLE import_reject (
        job_id uuid NOT NULL,
        line integer NOT NULL,
        position integer NOT NULL,
        field text NOT NULL,
        code text NOT NULL,
        CONSTRAINT pk_import_reject PRIMARY KEY (job_id, line, position)
    )
    """,
)

_ACCESS_LOG = (
    """
    CREATE TABLE access_log (
        access_id uuid NOT NULL,
        accessed_at timestamptz NOT NULL,
        client text NOT NULL,
        purpose text NOT NULL,
        action text NOT NULL,
        person_id uuid,
        household_id uuid,
        region_code text NOT NULL,
        valid_on date NOT NULL,
        known_at timestamptz NOT NULL,
        CONSTRAINT pk_access_log PRIMARY KEY (access_id, accessed_at),
        CONSTRAINT ck_access_log_names_a_subject CHECK (
            num_nonnulls(person_id, household_id) > 0)
    ) PARTITION BY RANGE (accessed_at)
    """,
)
