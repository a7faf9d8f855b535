"""Declarations with receipts, guardians, attestations."""

from alembic import op

from shared.storage.migrations import append_only, row_security

revision = "registry_0005"
down_revision = "registry_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and let households end."""
    for statement in (*_HOUSEHOLDS, *_TABLES):
        op.execute(statement)
    for table in (
        "declaration",
        "declaration_subject",
        "guardianship",
        "attestation",
        "attestation_due",
    ):
        row_security(op, table)
    for table in ("declaration", "declaration_subject", "guardianship", "attestation"):
        append_only(op, table)


_HOUSEHOLDS = (
    "ALTER TABLE household ADD COLUMN state text NOT NULL DEFAULT 'standing'",
    "ALTER TABLE household ALTER COLUMN state DROP DEFAULT",
    "ALTER TABLE household_version ADD COLUMN state text NOT NULL DEFAULT 'standing'",
    "ALTER TABLE household_version ALTER COLUMN state DROP DEFAULT",
    # Where somebody lived on a day is asked of the versions.
    "CREATE INDEX ix_household_member_person_id ON household_member (person_id)",
    # A declaration made through the api moves people; who lives where now is no history.
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles
                    WHERE rolname = replace(current_user, '_owner', '_api')) THEN
            EXECUTE format('GRANT DELETE ON residence TO %I',
                           replace(current_user, '_owner', '_api'));
        END IF;
    END $$
    """,
)

_TABLES = (
    """
    CREATE TABLE declaration (
        declaration_id uuid NOT NULL,
        region_code text NOT NULL,
        receipt_number text NOT NULL,
        verb text NOT NULL,
        client text,
        household_id uuid,
        version integer,
        declarant_id uuid,
        occurred_on date NOT NULL,
        effective_on date NOT NULL,
        declared_on date NOT NULL,
        late boolean NOT NULL,
        evidence_kind text,
        evidence_sealed bytea,
        recorded_in uuid NOT NULL,
        recorded_at timestamptz NOT NULL,
        written_in bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
        CONSTRAINT pk_declaration PRIMARY KEY (declaration_id),
        CONSTRAINT uq_declaration_receipt_number UNIQUE (receipt_number)
    )
    """,
    "CREATE INDEX declaration_of_household ON declaration (household_id, version)",
    """
    CREATE INDEX declaration_of_life_event ON declaration (written_in)
        WHERE verb IN ('birth', 'death', 'marriage', 'separation')
    """,
    """
    CREATE TABLE declaration_subject (
        declaration_id uuid NOT NULL,
        position integer NOT NULL,
        region_code text NOT NULL,
        part text NOT NULL,
        person_id uuid,
        household_id uuid,
        version integer,
        CONSTRAINT pk_declaration_subject PRIMARY KEY (declaration_id, position),
        CONSTRAINT ck_declaration_subject_names_one_subject CHECK (
            num_nonnulls(person_id, household_id) = 1)
    )
    """,
    "CREATE INDEX ix_declaration_subject_person_id ON declaration_subject (person_id)",
    "CREATE INDEX ix_declaration_subject_household_id ON declaration_subject (household_id)",
    """
    CREATE TABLE guardianship (
        guardianship_id uuid NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        person_id uuid NOT NULL,
        guardian_id uuid NOT NULL,
        relation text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        evidence_kind text NOT NULL,
        evidence_sealed bytea,
        client text NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_guardianship PRIMARY KEY (guardianship_id, version)
    )
    """,
    "CREATE INDEX ix_guardianship_person_id ON guardianship (person_id)",
    "CREATE INDEX ix_guardianship_guardian_id ON guardianship (guardian_id)",
    """
    CREATE TABLE attestation (
        person_id uuid NOT NULL,
        source text NOT NULL,
        fact text NOT NULL,
        valid_from date NOT NULL,
        version integer NOT NULL,
        region_code text NOT NULL,
        value jsonb NOT NULL,
        valid_to date,
        reported_in uuid NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_attestation PRIMARY KEY (person_id, source, fact, valid_from, version)
    )
    """,
    """
    CREATE TABLE attestation_due (
        person_id uuid NOT NULL,
        due_on date NOT NULL,
        region_code text NOT NULL,
        CONSTRAINT pk_attestation_due PRIMARY KEY (person_id, due_on)
    )
    """,
    "CREATE INDEX ix_attestation_due_due_on ON attestation_due (due_on)",
)
