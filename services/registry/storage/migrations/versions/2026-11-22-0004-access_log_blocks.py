"""Blocks that seal the access log, and how far a rotation of the index key is."""

from alembic import op

from shared.storage.migrations import append_only

revision = "registry_0004"
down_revision = "registry_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the chain of blocks, and let nobody choose the place of a row in it."""
    for statement in _TABLES:
        op.execute(statement)
    append_only(op, "access_block")
    op.execute(_only_workers_seal())
    for kind in ("api", "worker"):
        op.execute(_no_stated_transaction(kind))
        op.execute(_for_role(kind, "REVOKE ALL ON reindexing FROM %I"))


_TABLES = (
    # An export writes millions of rows in one transaction; a block must find its place among them.
    "DROP INDEX ix_access_log_written_in",
    "CREATE INDEX access_log_in_order ON access_log (written_in, access_id)",
    """
    CREATE TABLE access_block (
        number bigint NOT NULL,
        last_written_in bigint NOT NULL,
        last_access_id uuid NOT NULL,
        rows integer NOT NULL,
        digests bytea NOT NULL,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL,
        key_id text NOT NULL,
        signature bytea NOT NULL,
        sealed_at timestamptz NOT NULL,
        CONSTRAINT pk_access_block PRIMARY KEY (number),
        CONSTRAINT uq_access_block_hash UNIQUE (hash),
        CONSTRAINT ck_access_block_digest_per_row CHECK (
            rows > 0 AND octet_length(digests) = 32 * rows)
    )
    """,
    # Digests do not compress; trying costs time.
    "ALTER TABLE access_block ALTER COLUMN digests SET STORAGE EXTERNAL",
    """
    CREATE TABLE reindexing (
        key_id text NOT NULL,
        table_name text NOT NULL,
        last_id uuid NOT NULL,
        rows bigint NOT NULL,
        conflicts bigint NOT NULL,
        completed boolean NOT NULL,
        CONSTRAINT pk_reindexing PRIMARY KEY (key_id, table_name)
    )
    """,
)

# Every column but `written_in`: its default, the number of the writing transaction, orders the
# chain, and whoever could state it could slip a row in behind a sealed one.
_STATED_COLUMNS = (
    "access_id, accessed_at, client, purpose, action, attributes, result, consent_id, person_id,"
    " household_id, region_code, valid_on, known_at"
)


def _only_workers_seal() -> str:
    return _for_role("api", "REVOKE INSERT ON access_block FROM %I")


def _no_stated_transaction(kind: str) -> str:
    return _for_role(
        kind,
        "REVOKE INSERT ON access_log FROM %I",
        f"GRANT INSERT ({_STATED_COLUMNS}) ON access_log TO %I",
    )


def _for_role(kind: str, *statements: str) -> str:
    """Return what runs these statements for one of the owner's roles, if it exists."""
    executed = "".join(f" EXECUTE format('{statement}', grantee);" for statement in statements)
    return (
        "DO $$ DECLARE grantee name; BEGIN"
        " FOR grantee IN SELECT rolname FROM pg_roles"
        f" WHERE rolname = replace(current_user, '_owner', '_{kind}') LOOP{executed}"
        " END LOOP; END $$"
    )
