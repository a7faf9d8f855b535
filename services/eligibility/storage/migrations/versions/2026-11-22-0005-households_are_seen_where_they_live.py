"""What is known of a household is seen where it lives now, and nowhere else."""

from alembic import op

from shared.storage.migrations import row_security_through

revision = "eligibility_0005"
down_revision = "eligibility_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let versions follow their household: its row says where it lives by the newest version."""
    for table in (
        "household_fact_version",
        "household_member_fact",
        "attestation",
        "dissolution",
        "assessment",
        "notice",
    ):
        row_security_through(op, table, owner="household", on=_of(table))
    for table in ("application", "outcome"):
        row_security_through(op, table, owner="household", on=_of(table), programme=True)


def _of(table: str) -> str:
    return f"household.household_id = {table}.household_id"
