"""The tables of the payments service: what is owed, approved, sent, answered and booked.

Money is whole centimes. What a person approved or a bank said is appended and never changed; where
a row moves, only its state columns may. The guards themselves stand in the migrations.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Computed,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.storage.tables import Instant, platform_tables, service_metadata


class PaymentsTable(SQLModel):
    """A table of this service."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(PaymentsTable.metadata)


class LawfulStepRow(PaymentsTable, table=True):
    """One step that a state may take; the triggers refuse every other."""

    __tablename__ = "lawful_step"

    machine: str = Field(primary_key=True, sa_type=Text)
    before: str = Field(primary_key=True, sa_type=Text)
    after: str = Field(primary_key=True, sa_type=Text)


class EntitlementRow(PaymentsTable, table=True):
    """One version of what a household is entitled to from a programme; append-only."""

    __tablename__ = "entitlement"

    programme: str = Field(primary_key=True, sa_type=Text)
    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    decision_id: UUID
    run_id: UUID | None
    outcome: str = Field(sa_type=Text)
    effective_month: str = Field(sa_type=Text)
    components: list[dict[str, Any]] = Field(sa_type=JSONB)
    amount_centimes: int = Field(sa_type=BigInteger)
    decided_on: date
    recorded_at: datetime = Field(sa_type=Instant)


class RunReceiptRow(PaymentsTable, table=True):
    """A decision of a run that arrived here, of whatever programme; append-only."""

    __tablename__ = "run_receipt"

    run_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(primary_key=True)
    programme: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)


class RunTotalRow(PaymentsTable, table=True):
    """What a run said about itself when it was complete; append-only."""

    __tablename__ = "run_total"

    run_id: UUID = Field(primary_key=True)
    programme: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    events: int
    items: int
    households: int
    amount_centimes: int = Field(sa_type=BigInteger)
    completed_at: datetime = Field(sa_type=Instant)


class PayeeAccountRow(PaymentsTable, table=True):
    """One version of where a household's aid goes, sealed; append-only."""

    __tablename__ = "payee_account"
    __table_args__ = (
        UniqueConstraint("household_id", "version"),
        Index("payee_account_blind", "account_blind"),
    )

    account_id: UUID = Field(primary_key=True)
    household_id: UUID
    version: int
    region_code: str = Field(sa_type=Text)
    collector_id: UUID
    kind: str = Field(sa_type=Text)
    account: bytes = Field(sa_type=LargeBinary)
    account_blind: bytes = Field(sa_type=LargeBinary)
    name: bytes = Field(sa_type=LargeBinary)
    bank_code: str | None = Field(sa_type=Text)
    fault: str | None = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=Instant)


class HouseholdRegionRow(PaymentsTable, table=True):
    """Where a household lives by its newest version: whose staff sees what it was paid."""

    __tablename__ = "household_region"

    household_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    version: int


class PaymentCycleRow(PaymentsTable, table=True):
    """One payment of a programme's month, from opening to the last answer of the bank."""

    __tablename__ = "payment_cycle"
    __table_args__ = (
        UniqueConstraint("programme", "month", "run_no"),
        UniqueConstraint("cycle_id", "programme", "month"),
        UniqueConstraint("cycle_id", "maker", "content_hash", "frozen_at"),
        Index(
            "payment_cycle_live",
            "programme",
            "month",
            unique=True,
            postgresql_where=text("state <> 'ABORTED'"),
        ),
    )

    cycle_id: UUID = Field(primary_key=True)
    programme: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    run_no: int
    run_id: UUID
    maker: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    waiting_for: str | None = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Instant)
    frozen_at: datetime | None = Field(sa_type=Instant)
    content_hash: bytes | None = Field(sa_type=LargeBinary)
    closed_at: datetime | None = Field(sa_type=Instant)


class EntitlementLineRow(PaymentsTable, table=True):
    """A component of an entitlement as it stood when its cycle froze; append-only."""

    __tablename__ = "entitlement_line"
    __table_args__ = (ForeignKeyConstraint(["cycle_id"], ["payment_cycle.cycle_id"]),)

    cycle_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    count: int
    unit_centimes: int = Field(sa_type=BigInteger)
    amount_centimes: int = Field(sa_type=BigInteger)
    decision_id: UUID
    entitlement_version: int


class PaymentInstructionRow(PaymentsTable, table=True):
    """An obligation: a household is owed a sum for a month. Only its state ever moves."""

    __tablename__ = "payment_instruction"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cycle_id", "programme", "month"],
            ["payment_cycle.cycle_id", "payment_cycle.programme", "payment_cycle.month"],
        ),
        ForeignKeyConstraint(["account_id"], ["payee_account.account_id"]),
        Index(
            "payment_instruction_live",
            "household_id",
            "programme",
            "month",
            "kind",
            unique=True,
            postgresql_where=text("NOT cancelled"),
        ),
        Index("payment_instruction_cycle", "cycle_id", "batch_id"),
        Index("payment_instruction_under_way", "cycle_id", postgresql_where=text("under_way")),
    )

    instruction_id: UUID = Field(primary_key=True)
    cycle_id: UUID
    household_id: UUID
    programme: str = Field(sa_type=Text)
    month: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    region_code: str = Field(sa_type=Text)
    entitlement_version: int
    gross_centimes: int = Field(sa_type=BigInteger)
    offset_centimes: int = Field(sa_type=BigInteger)
    net_centimes: int = Field(sa_type=BigInteger)
    fee_cap_centimes: int | None = Field(sa_type=BigInteger)
    rail: str = Field(sa_type=Text)
    account_id: UUID | None
    batch_id: UUID | None
    state: str = Field(sa_type=Text)
    cancelled: bool | None = Field(sa_column_args=[Computed("state = 'CANCELLED'", persisted=True)])
    under_way: bool | None = Field(
        sa_column_args=[Computed("state IN ('PLANNED', 'APPROVED', 'IN_FLIGHT')", persisted=True)]
    )
    public_reason: str | None = Field(sa_type=Text)
    version: int
    changed_at: datetime = Field(sa_type=Instant)


class PaymentBatchRow(PaymentsTable, table=True):
    """What is paid together: one rail, institution, region and wave; append-only."""

    __tablename__ = "payment_batch"
    __table_args__ = (
        ForeignKeyConstraint(["cycle_id"], ["payment_cycle.cycle_id"]),
        UniqueConstraint("cycle_id", "rail", "institution", "region_code", "wave"),
    )

    batch_id: UUID = Field(primary_key=True)
    cycle_id: UUID
    rail: str = Field(sa_type=Text)
    institution: str = Field(sa_type=Text)
    region_code: str = Field(sa_type=Text)
    wave: int
    currency: str = Field(sa_type=Text)
    instructions: int
    net_centimes: int = Field(sa_type=BigInteger)
    content_hash: bytes = Field(sa_type=LargeBinary)


class ApprovalRow(PaymentsTable, table=True):
    """A person's yes to one content hash of one cycle; append-only."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("cycle_id", "content_hash", "actor"),
        UniqueConstraint("cycle_id", "content_hash", "level"),
        ForeignKeyConstraint(
            ["cycle_id", "maker", "content_hash", "frozen_at"],
            [
                "payment_cycle.cycle_id",
                "payment_cycle.maker",
                "payment_cycle.content_hash",
                "payment_cycle.frozen_at",
            ],
        ),
        ForeignKeyConstraint(
            ["cycle_id", "content_hash", "level_before"],
            ["approval.cycle_id", "approval.content_hash", "approval.level"],
        ),
    )

    approval_id: UUID = Field(primary_key=True)
    cycle_id: UUID
    level: int = Field(sa_type=SmallInteger)
    level_before: int | None = Field(
        sa_type=SmallInteger,
        sa_column_args=[Computed("nullif(level - 1, 0)", persisted=True)],
    )
    actor: str = Field(sa_type=Text)
    maker: str = Field(sa_type=Text)
    content_hash: bytes = Field(sa_type=LargeBinary)
    frozen_at: datetime = Field(sa_type=Instant)
    approved_at: datetime = Field(sa_type=Instant)


class TransmissionRow(PaymentsTable, table=True):
    """One file of a region's wave on its way to the bank, known there by its message id for ever.

    It holds attempts of several batches: one bank executes them all, and a file for each would be
    hundreds of tiny ones.
    """

    __tablename__ = "transmission"
    __table_args__ = (
        ForeignKeyConstraint(["cycle_id"], ["payment_cycle.cycle_id"]),
        UniqueConstraint("cycle_id", "rail", "region_code", "wave", "part_no"),
        UniqueConstraint("msg_id"),
        Index(
            "transmission_due",
            "lease_until",
            postgresql_where=text("state IN ('PREPARED', 'SENDING', 'UNKNOWN')"),
        ),
    )

    transmission_id: UUID = Field(primary_key=True)
    cycle_id: UUID
    rail: str = Field(sa_type=Text)
    region_code: str = Field(sa_type=Text)
    wave: int
    part_no: int
    msg_id: str = Field(sa_type=Text)
    attempts: int
    amount_centimes: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    tries: int
    lease_until: datetime | None = Field(sa_type=Instant)
    received_at: datetime | None = Field(sa_type=Instant)


class TransmissionFileRow(PaymentsTable, table=True):
    """The exact bytes of a transmission, deflated and sealed; append-only."""

    __tablename__ = "transmission_file"
    __table_args__ = (ForeignKeyConstraint(["transmission_id"], ["transmission.transmission_id"]),)

    transmission_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    format: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    execute_on: date
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: bytes = Field(sa_type=LargeBinary)
    body: bytes = Field(sa_type=LargeBinary)


class PaymentAttemptRow(PaymentsTable, table=True):
    """One try at paying an instruction, under an end-to-end id that is never used again."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["instruction_id"], ["payment_instruction.instruction_id"]),
        ForeignKeyConstraint(["account_id"], ["payee_account.account_id"]),
        ForeignKeyConstraint(["transmission_id"], ["transmission.transmission_id"]),
        UniqueConstraint("end_to_end_id"),
        UniqueConstraint("transmission_id", "position"),
        Index(
            "payment_attempt_live",
            "instruction_id",
            unique=True,
            postgresql_where=text("NOT proven_dead"),
        ),
    )

    instruction_id: UUID = Field(primary_key=True)
    attempt_no: int = Field(primary_key=True)
    end_to_end_id: str = Field(sa_type=Text)
    region_code: str = Field(sa_type=Text)
    transmission_id: UUID
    position: int
    account_id: UUID
    amount_centimes: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    proven_dead: bool | None = Field(
        sa_column_args=[
            Computed(
                "state IN ('REJECTED', 'RETURNED', 'CANCELLED', 'PROVEN_ABSENT')", persisted=True
            )
        ]
    )
    bank_reason: str | None = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=Instant)
