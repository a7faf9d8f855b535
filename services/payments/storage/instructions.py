"""Instructions on the move, and the news that others hear of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.payments.events.published import InstructionChanged
from shared.storage.database import Transaction

_APPROVE = """
UPDATE payment_instruction SET state = 'APPROVED', version = version + 1, changed_at = %(at)s
 WHERE cycle_id = %(cycle_id)s AND state = 'PLANNED'
"""

_STEP = """
UPDATE payment_instruction i
   SET state = %(after)s, version = i.version + 1, changed_at = %(at)s,
       public_reason = wanted.reason
  FROM unnest(%(instruction_ids)s::uuid[], %(reasons)s::text[]) AS wanted(instruction_id, reason)
 WHERE i.instruction_id = wanted.instruction_id AND i.state = %(before)s
RETURNING i.instruction_id, i.household_id, i.version, i.region_code, i.programme, i.month, i.kind,
          i.state, i.net_centimes, i.fee_cap_centimes, i.rail, i.public_reason
"""


@dataclass(frozen=True, slots=True)
class InstructionStep:
    """Where instructions stand, where they go, and when."""

    before: str
    after: str
    at: datetime


async def approve_instructions(tx: Transaction, cycle_id: UUID, *, at: datetime) -> int:
    """Make every planned instruction of a cycle an approved one."""
    cursor = await tx.execute(_APPROVE, {"cycle_id": cycle_id, "at": at})
    return cursor.rowcount


async def step_instructions(
    tx: Transaction,
    instruction_ids: Sequence[UUID],
    step: InstructionStep,
    *,
    reasons: Sequence[str | None] | None = None,
) -> list[InstructionChanged]:
    """Move the instructions that stand where they should, and return the news of each.

    Args:
        tx: The transaction of the cause.
        instruction_ids: Which ones.
        step: The step they take.
        reasons: A public reason for each, in the same order; none unless given.
    """
    cursor = await tx.execute(
        _STEP,
        {
            "instruction_ids": list(instruction_ids),
            "reasons": list(reasons or [None] * len(instruction_ids)),
            "before": step.before,
            "after": step.after,
            "at": step.at,
        },
    )
    return [InstructionChanged(**row) for row in await cursor.fetchall()]
