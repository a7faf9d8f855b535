"""Things, their log, and the tables that every service has."""

from alembic import op

from shared.storage.migrations import (
    append_only,
    create_platform_tables,
    month_partitioned,
    row_security,
    seal_kept_answers,
)

revision = "things_0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    create_platform_tables(op)
    seal_kept_answers(op)
    op.execute(
        "CREATE TABLE thing (thing_id uuid PRIMARY KEY, version integer NOT NULL,"
        " region_code text NOT NULL, programme text NOT NULL, note text NOT NULL"
        " CHECK (length(note) <= 20))"
    )
    row_security(op, "thing", programme=True)
    op.execute(
        "CREATE TABLE thing_log (log_id uuid NOT NULL, at timestamptz NOT NULL,"
        " PRIMARY KEY (log_id, at)) PARTITION BY RANGE (at)"
    )
    month_partitioned(op, "thing_log")
    append_only(op, "thing_log")
