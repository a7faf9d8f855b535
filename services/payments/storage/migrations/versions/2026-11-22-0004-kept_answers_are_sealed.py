"""Answers kept for repeated requests are sealed: they may be about people."""

from alembic import op

from shared.storage.migrations import seal_kept_answers

revision = "payments_0004"
down_revision = "payments_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a sealed answer needs."""
    seal_kept_answers(op)
