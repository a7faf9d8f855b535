"""What a household was told is seen where it lives now, and nowhere else."""

from alembic import op

from shared.storage.migrations import row_security, row_security_through

revision = "notifications_0004"
down_revision = "notifications_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep where households live, and let what is about one household follow it."""
    op.execute(_TABLE)
    op.execute(_KNOWN_SO_FAR)
    row_security(op, "household_region")
    for table in (
        "contact",
        "assessment_standing",
        "decision_standing",
        "instruction_standing",
        "message",
    ):
        row_security_through(
            op,
            table,
            owner="household_region",
            on=f"household_region.household_id = {table}.household_id",
        )
    row_security_through(
        op,
        "message_part",
        owner="message",
        on="message.message_id = message_part.message_id"
        " AND message.created_at = message_part.message_created_at",
    )


_TABLE = """
    CREATE TABLE household_region (
        household_id uuid NOT NULL,
        region_code text NOT NULL,
        version bigint NOT NULL,
        CONSTRAINT pk_household_region PRIMARY KEY (household_id)
    )
"""

# Any word of the registry on a household is newer than what its messages tell.
_KNOWN_SO_FAR = """
    INSERT INTO household_region (household_id, region_code, version)
    SELECT DISTINCT ON (household_id) household_id, region_code, version
      FROM (SELECT household_id, region_code, version, recorded_at AS at FROM contact
             UNION ALL
            SELECT household_id, region_code, 0, created_at FROM message) AS told
     ORDER BY household_id, version DESC, at DESC
"""
