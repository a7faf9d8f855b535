"""What people consented to is seen where they are registered now, and nowhere else."""

from alembic import op

from shared.storage.migrations import row_security_through

revision = "registry_0013"
down_revision = "registry_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let consents follow their person, and withdrawals their consent."""
    row_security_through(op, "consent", owner="person", on="person.person_id = consent.person_id")
    row_security_through(
        op,
        "consent_withdrawal",
        owner="consent",
        on="consent.consent_id = consent_withdrawal.consent_id",
    )
