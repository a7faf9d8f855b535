"""A RAMED list remembers which of its rows repeat a number, until they are matched."""

from alembic import op

revision = "registry_0014"
down_revision = "registry_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the lines that repeat a number."""
    op.execute("ALTER TABLE ramed_block ADD COLUMN repeated_lines integer[] NOT NULL DEFAULT '{}'")
