"""The tables of what the bank answered, and of the books."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from services.payments.storage.tables import PaymentsTable
from shared.storage.tables import Instant


class BankCursorRow(PaymentsTable, table=True):
    """How far the bank's list of reports has been booked, and under which lease."""

    __tablename__ = "bank_cursor"

    channel: str = Field(primary_key=True, sa_type=Text)
    after_seq: int = Field(sa_type=BigInteger)
    fence: int = Field(sa_type=BigInteger)


class BankReportRow(PaymentsTable, table=True):
    """A report that the bank made available, booked once; append-only."""

    __tablename__ = "bank_report"
    __table_args__ = (UniqueConstraint("sha256"),)

    report_id: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(sa_type=Text)
    sha256: bytes = Field(sa_type=LargeBinary)
    size_bytes: int = Field(sa_type=BigInteger)
    entries: int
    readable: bool
    recorded_at: datetime = Field(sa_type=Instant)


class BankStatusRow(PaymentsTable, table=True):
    """What a pain.002 said about one attempt, or about a whole file; append-only."""

    __tablename__ = "bank_status"
    __table_args__ = (
        ForeignKeyConstraint(["report_id"], ["bank_report.report_id"]),
        Index("bank_status_end_to_end_id", "end_to_end_id"),
    )

    report_id: str = Field(primary_key=True, sa_type=Text)
    line_no: int = Field(primary_key=True)
    region_code: str | None = Field(sa_type=Text)
    msg_id: str | None = Field(sa_type=Text)
    end_to_end_id: str | None = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)


class StatementEntryRow(PaymentsTable, table=True):
    """One movement on our account as a camt.054 told it; append-only."""

    __tablename__ = "statement_entry"
    __table_args__ = (
        ForeignKeyConstraint(["report_id"], ["bank_report.report_id"]),
        UniqueConstraint("statement_id", "entry_ref", "detail_no"),
        Index("statement_entry_end_to_end_id", "end_to_end_id"),
    )

    report_id: str = Field(primary_key=True, sa_type=Text)
    line_no: int = Field(primary_key=True)
    region_code: str | None = Field(sa_type=Text)
    statement_id: str = Field(sa_type=Text)
    entry_ref: str = Field(sa_type=Text)
    detail_no: int
    end_to_end_id: str | None = Field(sa_type=Text)
    amount_centimes: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    direction: str = Field(sa_type=Text)
    booked_on: date | None
    reason: str | None = Field(sa_type=Text)


class ReconMatchRow(PaymentsTable, table=True):
    """An entry that settles an attempt: same end-to-end id, same amount; append-only."""

    __tablename__ = "recon_match"
    __table_args__ = (
        ForeignKeyConstraint(
            ["report_id", "line_no"], ["statement_entry.report_id", "statement_entry.line_no"]
        ),
        ForeignKeyConstraint(["end_to_end_id"], ["payment_attempt.end_to_end_id"]),
        UniqueConstraint("end_to_end_id", "direction"),
    )

    report_id: str = Field(primary_key=True, sa_type=Text)
    line_no: int = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    end_to_end_id: str = Field(sa_type=Text)
    direction: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    matched_at: datetime = Field(sa_type=Instant)


class ReconExceptionRow(PaymentsTable, table=True):
    """Something the bank said, or did not, that a person must look at."""

    __tablename__ = "recon_exception"
    __table_args__ = (
        Index(
            "recon_exception_open", "kind", "opened_at", postgresql_where=text("closed_at IS NULL")
        ),
    )

    source: str = Field(primary_key=True, sa_type=Text)
    source_id: str = Field(primary_key=True, sa_type=Text)
    line_no: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    region_code: str | None = Field(sa_type=Text)
    end_to_end_id: str | None = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(sa_type=Instant)


class LedgerKeyRow(PaymentsTable, table=True):
    """The key of a posting, unique over all months, so that no event is booked twice."""

    __tablename__ = "ledger_key"

    txn_key: str = Field(primary_key=True, sa_type=Text)
    region_code: str = Field(sa_type=Text)
    posted_on: date


class LedgerEntryRow(PaymentsTable, table=True):
    """One side of a posting, in centimes; partitioned by month, append-only.

    A trigger checks keys and balance of whole statements; a foreign key would check each row.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = ({"postgresql_partition_by": "RANGE (posted_on)"},)

    posted_on: date = Field(primary_key=True)
    txn_key: str = Field(primary_key=True, sa_type=Text)
    line_no: int = Field(primary_key=True, sa_type=SmallInteger)
    account: str = Field(sa_type=Text)
    region_code: str = Field(sa_type=Text)
    debit_centimes: int = Field(sa_type=BigInteger)
    credit_centimes: int = Field(sa_type=BigInteger)
