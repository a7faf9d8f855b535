"""Answers kept for repeated requests are sealed: they may be about people."""

from alembic import op

from shared.storage.migrations import seal_kept_answers

revision = "notifications_0003"
down_revision = "notifications_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a sealed answer needs."""
    seal_kept_answers(op)
