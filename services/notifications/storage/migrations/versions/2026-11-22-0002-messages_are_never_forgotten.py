"""What was told to whom is never forgotten: a deleted key would let a message go out again."""

from alembic import op

from shared.storage.migrations import never_deleted

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave deleting to the owner, who does it for partitions past their time alone."""
    for table in ("message_key", "message", "message_part", "receipt"):
        never_deleted(op, table)
