"""What the bank answers, what is made of it, and the ledger."""

from alembic import op

from shared.storage.migrations import append_only, month_partitioned, row_security

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of answers and of the books."""
    for statement in (*_ANSWERS, *_LEDGER):
        op.execute(statement)
    month_partitioned(op, "ledger_entry")
    for table in _BY_REGION:
        row_security(op, table)
    for table in ("bank_report", "bank_status", "statement_entry", "recon_match", *_BOOKS):
        append_only(op, table)


_BOOKS = ("ledger_key", "ledger_entry")

_BY_REGION = ("bank_status", "statement_entry", "recon_match", "recon_exception", *_BOOKS)

_ANSWERS = (
    """
    CREATE TABLE bank_cursor (
        channel text NOT NULL,
        after_seq bigint NOT NULL,
        fence bigint NOT NULL,
        CONSTRAINT pk_bank_cursor PRIMARY KEY (channel)
    )
    """,
    """
    CREATE TABLE bank_report (
        report_id text NOT NULL,
        kind text NOT NULL,
        sha256 bytea NOT NULL,
        size_bytes bigint NOT NULL,
        entries integer NOT NULL,
        readable boolean NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_bank_report PRIMARY KEY (report_id),
        CONSTRAINT uq_bank_report_sha256 UNIQUE (sha256)
    )
    """,
    """
    CREATE TABLE bank_status (
        report_id text NOT NULL,
        line_no integer NOT NULL,
        region_code text,
        msg_id text,
        end_to_end_id text,
        status text NOT NULL,
        reason text,
        CONSTRAINT pk_bank_status PRIMARY KEY (report_id, line_no),
        CONSTRAINT fk_bank_status_report_id FOREIGN KEY (report_id)
            REFERENCES bank_report (report_id)
    )
    """,
    "CREATE INDEX bank_status_end_to_end_id ON bank_status (end_to_end_id)",
    """
    CREATE TABLE statement_entry (
        report_id text NOT NULL,
        line_no integer NOT NULL,
        region_code text,
        statement_id text NOT NULL,
        entry_ref text NOT NULL,
        detail_no integer NOT NULL,
        end_to_end_id text,
        amount_centimes bigint NOT NULL,
        currency text NOT NULL,
        direction text NOT NULL,
        booked_on date,
        reason text,
        CONSTRAINT pk_statement_entry PRIMARY KEY (report_id, line_no),
        CONSTRAINT fk_statement_entry_report_id FOREIGN KEY (report_id)
            REFERENCES bank_report (report_id),
        CONSTRAINT uq_statement_entry_statement_id_entry_ref_detail_no
            UNIQUE (statement_id, entry_ref, detail_no),
        CONSTRAINT ck_statement_entry_direction CHECK (direction IN ('DBIT', 'CRDT'))
    )
    """,
    "CREATE INDEX statement_entry_end_to_end_id ON statement_entry (end_to_end_id)",
    """
    CREATE TABLE recon_match (
        report_id text NOT NULL,
        line_no integer NOT NULL,
        region_code text NOT NULL,
        end_to_end_id text NOT NULL,
        direction text NOT NULL,
        rule text NOT NULL,
        matched_at timestamptz NOT NULL,
        CONSTRAINT pk_recon_match PRIMARY KEY (report_id, line_no),
        CONSTRAINT fk_recon_match_report_id_line_no FOREIGN KEY (report_id, line_no)
            REFERENCES statement_entry (report_id, line_no),
        CONSTRAINT fk_recon_match_end_to_end_id FOREIGN KEY (end_to_end_id)
            REFERENCES payment_attempt (end_to_end_id),
        CONSTRAINT uq_recon_match_end_to_end_id_direction UNIQUE (end_to_end_id, direction)
    )
    """,
    """
    CREATE TABLE recon_exception (
        source text NOT NULL,
        source_id text NOT NULL,
        line_no integer NOT NULL,
        kind text NOT NULL,
        region_code text,
        end_to_end_id text,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        CONSTRAINT pk_recon_exception PRIMARY KEY (source, source_id, line_no, kind)
    )
    """,
    """
    CREATE INDEX recon_exception_open ON recon_exception (kind, opened_at)
     WHERE closed_at IS NULL
    """,
)

_LEDGER = (
    """
    CREATE TABLE ledger_key (
        txn_key text NOT NULL,
        region_code text NOT NULL,
        posted_on date NOT NULL,
        CONSTRAINT pk_ledger_key PRIMARY KEY (txn_key)
    )
    """,
    """
    CREATE TABLE ledger_entry (
        posted_on date NOT NULL,
        txn_key text NOT NULL,
        line_no smallint NOT NULL,
        account text NOT NULL,
        region_code text NOT NULL,
        debit_centimes bigint NOT NULL,
        credit_centimes bigint NOT NULL,
        CONSTRAINT pk_ledger_entry PRIMARY KEY (posted_on, txn_key, line_no),
        CONSTRAINT ck_ledger_entry_one_side CHECK (
            least(debit_centimes, credit_centimes) = 0
            AND greatest(debit_centimes, credit_centimes) > 0)
    ) PARTITION BY RANGE (posted_on)
    """,
)
