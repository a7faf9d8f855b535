"""The shapes that requests and answers have."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payments.storage.figures import BatchRow, InstructionRow
from services.payments.use_cases.read_cycle import CycleStatus
from services.payments.use_cases.read_payments import Statistics

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
HASH = r"^[0-9a-f]{64}$"


class NewCycle(BaseModel):
    """A cycle to open: a programme's month, and the run whose totals it must meet."""

    model_config = ConfigDict(extra="forbid")

    programme: str = Field(pattern=r"^[a-z0-9_]{1,40}$", examples=["asd"])
    month: str = Field(pattern=MONTH, examples=["2026-11"])
    run_id: UUID


class Abandonment(BaseModel):
    """Nothing needs saying about it."""

    model_config = ConfigDict(extra="forbid")


class NewApproval(BaseModel):
    """A person's yes to the content that a hash names."""

    model_config = ConfigDict(extra="forbid")

    # Strict: JSON true and 1.0 are equal to 1, and no level.
    level: int = Field(ge=1, le=2, strict=True)
    content_hash: str = Field(pattern=HASH)


class ApprovalView(BaseModel):
    """An approval; who gave it is for auditors."""

    level: int
    approved_at: datetime


class CycleView(BaseModel):
    """A cycle. Amounts are centimes of MAD.

    `instructions` and `net_centimes` count what is paid by this cycle; `held` is owed and waits.
    `waiting_for` is a sentence for people, None when nothing is missing; an aborted cycle keeps
    the last one.
    """

    cycle_id: UUID
    programme: str
    month: str
    run_id: UUID
    run_no: int
    state: str
    waiting_for: str | None
    instructions: int
    net_centimes: int
    held: int
    held_centimes: int
    batches: int
    files: int
    content_hash: str | None
    settled: int
    settled_centimes: int
    rejected: int
    approvals: list[ApprovalView]

    @classmethod
    def of(cls, status: CycleStatus) -> Self:
        """Return the view of a cycle."""
        cycle, figures = status.cycle, status.figures
        return cls(
            cycle_id=cycle.cycle_id,
            programme=cycle.programme,
            month=cycle.month,
            run_id=cycle.run_id,
            run_no=cycle.run_no,
            state=cycle.state,
            waiting_for=cycle.waiting_for,
            instructions=figures.instructions,
            net_centimes=figures.net_centimes,
            held=figures.held,
            held_centimes=figures.held_centimes,
            batches=figures.batches,
            files=figures.files,
            content_hash=None if cycle.content_hash is None else cycle.content_hash.hex(),
            settled=figures.settled,
            settled_centimes=figures.settled_centimes,
            rejected=figures.rejected,
            approvals=[
                ApprovalView(level=approval.level, approved_at=approval.approved_at)
                for approval in status.approvals
            ],
        )


class BatchView(BaseModel):
    """What is paid together: one rail, institution, region and wave; amounts in centimes."""

    batch_id: UUID
    rail: str
    institution: str
    region_code: str
    wave: int
    instructions: int
    net_centimes: int
    content_hash: str

    @classmethod
    def of(cls, row: BatchRow) -> Self:
        """Return the view of a batch."""
        return cls(
            batch_id=row.batch_id,
            rail=row.rail,
            institution=row.institution,
            region_code=row.region_code,
            wave=row.wave,
            instructions=row.instructions,
            net_centimes=row.net_centimes,
            content_hash=row.content_hash.hex(),
        )


class BatchPage(BaseModel):
    """Some batches, and where the next ones begin."""

    items: list[BatchView]
    next_cursor: str | None


class InstructionView(BaseModel):
    """An instruction as its household may see it; amounts in centimes of MAD.

    `fee_cap_centimes` is the most that drawing the sum in cash may cost.
    """

    instruction_id: UUID
    programme: str
    month: str
    kind: str
    state: str
    net_centimes: int
    fee_cap_centimes: int | None
    rail: str
    public_reason: str | None
    changed_at: datetime

    @classmethod
    def of(cls, row: InstructionRow) -> Self:
        """Return the view of an instruction."""
        return cls(
            instruction_id=row.instruction_id,
            programme=row.programme,
            month=row.month,
            kind=row.kind,
            state=row.state,
            net_centimes=row.net_centimes,
            fee_cap_centimes=row.fee_cap_centimes,
            rail=row.rail,
            public_reason=row.public_reason,
            changed_at=row.changed_at,
        )


class InstructionPage(BaseModel):
    """Some instructions of a household, and where the earlier ones begin."""

    items: list[InstructionView]
    next_cursor: str | None


class StatisticsView(BaseModel):
    """Figures over all cycles; amounts in centimes of MAD, held instructions apart."""

    entitlements: int | None
    instructions: int | None
    net_centimes: int | None
    held: int | None
    files: int
    settled: int | None
    settled_centimes: int | None
    rejected: int | None
    cell_min: int = Field(
        description="Of single regions, counts from 1 up to this one, and what would reveal them,"
        " are null."
    )
    as_of: datetime

    @classmethod
    def of(cls, statistics: Statistics) -> Self:
        """Return the view of the figures at an instant."""
        figures = statistics.figures
        return cls(
            entitlements=figures.entitlements,
            instructions=figures.instructions,
            net_centimes=figures.net_centimes,
            held=figures.held,
            files=statistics.files,
            settled=figures.settled,
            settled_centimes=figures.settled_centimes,
            rejected=figures.rejected,
            cell_min=statistics.cell_min,
            as_of=statistics.as_of,
        )
