"""Clients, signing keys and spent assertions."""

from alembic import op

from shared.storage.migrations import create_platform_tables

revision = "gateway_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables of the gateway; none is about a household or a person."""
    create_platform_tables(op)
    op.execute(
        """
        CREATE TABLE client (
            client_id text NOT NULL,
            public_keys jsonb NOT NULL,
            roles text[] NOT NULL,
            scopes text[] NOT NULL,
            regions text[] NOT NULL,
            programmes text[] NOT NULL,
            purposes text[] NOT NULL,
            flags text[] NOT NULL,
            disabled boolean NOT NULL DEFAULT false,
            registered_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_client PRIMARY KEY (client_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE signing_key (
            key_id uuid NOT NULL,
            kid text NOT NULL,
            private_sealed bytea NOT NULL,
            public_key jsonb NOT NULL,
            state text NOT NULL,
            since timestamptz NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_signing_key PRIMARY KEY (key_id),
            CONSTRAINT uq_signing_key_kid UNIQUE (kid),
            CONSTRAINT ck_signing_key_state_known CHECK (state IN ('next', 'active', 'retiring'))
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX signing_key_one_per_state ON signing_key (state)"
        " WHERE state <> 'retiring'"
    )
    op.execute(
        """
        CREATE TABLE assertion_jti (
            client_id text NOT NULL,
            jti text NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_assertion_jti PRIMARY KEY (client_id, jti)
        )
        """
    )
    op.execute("CREATE INDEX assertion_jti_expires_at ON assertion_jti (expires_at)")


def downgrade() -> None:
    """Nothing goes back: a wrong step is mended by a further one."""
