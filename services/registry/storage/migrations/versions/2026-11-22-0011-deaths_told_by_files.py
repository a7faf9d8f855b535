"""Persons whom a file let die, and who still live in a household."""

from alembic import op

from shared.storage.migrations import row_security

revision = "registry_0011"
down_revision = "registry_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """
        CREATE TABLE deceased_due (
            person_id uuid NOT NULL,
            region_code text NOT NULL,
            job_id uuid NOT NULL,
            effective_on date NOT NULL,
            CONSTRAINT pk_deceased_due PRIMARY KEY (person_id)
        )
        """
    )
    row_security(op, "deceased_due")
