"""Households in which nobody lives any more."""

from alembic import op

from shared.storage.migrations import append_only, row_security

revision = "eligibility_0003"
down_revision = "eligibility_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep dissolutions beside the facts: each is a version of its household, without members."""
    op.execute(
        """
        CREATE TABLE dissolution (
            household_id uuid NOT NULL,
            version integer NOT NULL,
            region_code text NOT NULL,
            dissolved_on date NOT NULL,
            recorded_at timestamptz NOT NULL,
            CONSTRAINT pk_dissolution PRIMARY KEY (household_id, version)
        )
        """
    )
    row_security(op, "dissolution")
    append_only(op, "dissolution")
