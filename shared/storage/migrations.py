"""Migrations without an ini file: one history per service, and the guards it sets.

A migration runs as the owner role, against a database that the previous release may still be
using: it expands first, and waits at most `LOCK_TIMEOUT` for a lock.
"""

from datetime import date
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.operations import Operations
from sqlalchemy import Connection, MetaData, create_engine, pool, text

LOCK_TIMEOUT = "5s"
MONTHS_AHEAD = 13
_MIGRATION_LOCK = 7_236_231_001


def migrate(url: str, script_location: Path, *, today: date) -> None:
    """Bring a service's database to the newest version, and its partitions up to date.

    Args:
        url: The owner's address, as `postgresql://...`.
        script_location: The service's `storage/migrations` folder.
        today: The business date; months around it get partitions of their own.
    """
    engine = create_engine(_sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config = _config(script_location)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        extend_partitions(connection, today=today)
    engine.dispose()


def _config(script_location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(script_location))
    config.set_main_option("path_separator", "os")
    return config


def run_environment(metadata: MetaData) -> None:
    """Run the migrations of one service on the connection that `migrate` opened."""
    connection: Connection = context.config.attributes["connection"]
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def create_platform_tables(op: Operations) -> None:
    """Create what `shared.storage.tables.platform_tables` declares, as it was at first."""
    for statement in _PLATFORM_TABLES:
        op.execute(statement)


def seal_kept_answers(op: Operations) -> None:
    """Let answers for repeated requests be kept sealed; those in clear can still be read."""
    op.execute(
        "ALTER TABLE idempotency_key ADD COLUMN answer_id uuid, ADD COLUMN body_sealed bytea"
    )


def row_security(op: Operations, table: str, *, programme: bool = False) -> None:
    """Show an api role only the rows of the caller's regions (and programmes).

    The table must carry `region_code` (and `programme`). A transaction that stated no scope sees
    nothing: the setting is then empty.
    """
    rule = _scope_rule("region_code", "sanad.regions")
    if programme:
        rule += " AND " + _scope_rule("programme", "sanad.programmes")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY caller_scope ON {table} USING ({rule}) WITH CHECK ({rule})")


def row_security_through(
    op: Operations, table: str, *, owner: str, on: str, programme: bool = False
) -> None:
    """Show an api role the rows whose owning row it sees, whatever region they carry themselves.

    For rows about somebody who may move: the owning row says where they live now, and so who is in
    charge; the region of the rows themselves stays where they came about. Replaces the rule that
    `row_security` made. Callers of every region see rows without an owner too.

    Args:
        op: The operations of the migration.
        table: The table whose rows follow.
        owner: The table of the owning rows, itself under row security.
        on: What joins the two, with qualified columns; an index of the owner must serve it.
        programme: Whether the table carries `programme`, too.
    """
    stated = "current_setting('sanad.regions', true)"
    rule = f"({stated} = '*' OR EXISTS (SELECT FROM {owner} WHERE {on}))"
    if programme:
        rule += " AND " + _scope_rule("programme", "sanad.programmes")
    op.execute(f"ALTER POLICY caller_scope ON {table} USING ({rule}) WITH CHECK ({rule})")


def _scope_rule(column: str, setting: str) -> str:
    stated = f"current_setting('{setting}', true)"
    return f"({stated} = '*' OR {column} = ANY (string_to_array({stated}, ',')))"


def append_only(op: Operations, table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on a table to everybody but its owner."""
    op.execute(_revoke("UPDATE, DELETE, TRUNCATE", table))


def never_deleted(op: Operations, table: str) -> None:
    """Refuse DELETE and TRUNCATE on a table to everybody but its owner; rows may still change."""
    op.execute(_revoke("DELETE, TRUNCATE", table))


def month_partitioned(op: Operations, table: str) -> None:
    """Give a range-partitioned table its default partition; `migrate` adds the months.

    The default partition catches rows of months that nobody prepared, so that no write fails.
    """
    op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(_revoke("ALL", f"{table}_default"))


def _revoke(privileges: str, table: str) -> str:
    """Return the statement that takes privileges from the owner's api and worker roles.

    A partition is reached through its parent only: the parent's policies do not guard it.
    """
    return (
        "DO $$ DECLARE grantee name; BEGIN"
        " FOR grantee IN SELECT rolname FROM pg_roles"
        " WHERE rolname IN (replace(current_user, '_owner', '_api'),"
        " replace(current_user, '_owner', '_worker')) LOOP"
        f" EXECUTE format('REVOKE {privileges} ON {table} FROM %I', grantee);"
        " END LOOP; END $$"
    )


def extend_partitions(connection: Connection, *, today: date) -> None:
    """Create the missing monthly partitions from last month to `MONTHS_AHEAD` months ahead."""
    names = connection.execute(
        text(
            "SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid"
            " WHERE p.partstrat = 'r' AND p.partdefid <> 0"
        )
    )
    for name in names.scalars().all():
        for month in range(-1, MONTHS_AHEAD + 1):
            first, after = _month(today, month), _month(today, month + 1)
            partition = f"{name}_{first:%Y%m}"
            if not _exists(connection, partition):
                connection.execute(
                    text(
                        f"CREATE TABLE {partition} PARTITION OF {name}"
                        f" FOR VALUES FROM ('{first}') TO ('{after}')"
                    )
                )
                connection.execute(text(_revoke("ALL", partition)))


def _exists(connection: Connection, table: str) -> bool:
    return bool(connection.execute(text("SELECT to_regclass(:n)"), {"n": table}).scalar())


def _month(today: date, ahead: int) -> date:
    months = today.year * 12 + today.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


_PLATFORM_TABLES = (
    """
    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY,
        event_id uuid NOT NULL,
        type text NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        claimed_until timestamptz,
        attempts integer NOT NULL DEFAULT 0,
        last_error text,
        sent_at timestamptz,
        CONSTRAINT pk_outbox PRIMARY KEY (position),
        CONSTRAINT uq_outbox_event_id UNIQUE (event_id)
    )
    """,
    "CREATE INDEX outbox_waiting ON outbox (position) WHERE sent_at IS NULL",
    """
    CREATE TABLE inbox (
        event_id uuid NOT NULL,
        consumer text NOT NULL,
        claimed_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_inbox PRIMARY KEY (event_id, consumer)
    )
    """,
    """
    CREATE TABLE rejected_item (
        event_id uuid NOT NULL,
        consumer text NOT NULL,
        item_index integer NOT NULL,
        type text NOT NULL,
        subject_id uuid,
        code text NOT NULL,
        item jsonb,
        rejected_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_rejected_item PRIMARY KEY (event_id, consumer, item_index)
    )
    """,
    """
    CREATE TABLE idempotency_key (
        client text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status integer,
        body bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency_key PRIMARY KEY (client, key)
    )
    """,
    """
    CREATE TABLE lease (
        name text NOT NULL,
        owner text NOT NULL,
        token bigint NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_lease PRIMARY KEY (name)
    )
    """,
)
