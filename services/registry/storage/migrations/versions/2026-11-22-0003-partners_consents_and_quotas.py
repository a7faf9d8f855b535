"""Partner policies, consents and quotas."""

from alembic import op

from shared.storage.migrations import append_only, row_security

revision = "registry_0003"
down_revision = "registry_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    for statement in _TABLES:
        op.execute(statement)
    for table in ("consent", "consent_withdrawal"):
        row_security(op, table)
    for table in ("partner_policy", "consent", "consent_withdrawal"):
        append_only(op, table)


_TABLES: tuple[str, ...] = (
    """
    CREATE TABLE partner_policy (
        client text NOT NULL,
        version integer NOT NULL,
        name_ar text NOT NULL,
        name_fr text NOT NULL,
        purposes jsonb NOT NULL,
        told text[] NOT NULL,
        verified text[] NOT NULL,
        detail boolean NOT NULL,
        identifier text NOT NULL,
        regions text[] NOT NULL,
        quota_per_day integer NOT NULL,
        batch boolean NOT NULL,
        dci jsonb,
        recorded_at timestamptz NOT NULL,
        recorded_by text NOT NULL,
        CONSTRAINT pk_partner_policy PRIMARY KEY (client, version),
        CONSTRAINT ck_partner_policy_identifier_known CHECK (identifier IN ('idcs', 'token')),
        CONSTRAINT ck_partner_policy_quota_not_negative CHECK (quota_per_day >= 0)
    )
    """,
    """
    CREATE TABLE consent (
        consent_id uuid NOT NULL,
        region_code text NOT NULL,
        person_id uuid NOT NULL,
        client text NOT NULL,
        purpose text NOT NULL,
        attributes text[] NOT NULL,
        valid_from date NOT NULL,
        valid_until date NOT NULL,
        evidence_kind text NOT NULL,
        evidence_sealed bytea NOT NULL,
        recorded_at timestamptz NOT NULL,
        recorded_by text NOT NULL,
        CONSTRAINT pk_consent PRIMARY KEY (consent_id)
    )
    """,
    "CREATE INDEX consent_of_person ON consent (person_id, client, purpose)",
    """
    CREATE TABLE consent_withdrawal (
        consent_id uuid NOT NULL,
        region_code text NOT NULL,
        withdrawn_at timestamptz NOT NULL,
        withdrawn_by text NOT NULL,
        CONSTRAINT pk_consent_withdrawal PRIMARY KEY (consent_id)
    )
    """,
    """
    CREATE TABLE partner_quota (
        client text NOT NULL,
        day date NOT NULL,
        reserved integer NOT NULL,
        CONSTRAINT pk_partner_quota PRIMARY KEY (client, day)
    )
    """,
)
