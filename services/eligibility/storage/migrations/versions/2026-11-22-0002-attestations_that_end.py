"""Attestations may say until when they are true."""

from alembic import op

revision = "eligibility_0002"
down_revision = "eligibility_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the last day of an attestation; none is known for those on file."""
    op.execute("ALTER TABLE attestation ADD COLUMN valid_to date")
