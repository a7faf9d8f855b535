"""Approving a cycle: two people besides its maker, each on the hash of its content."""

import hmac
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import CheckViolation, UniqueViolation

from services.payments.domain.refusals import (
    ApprovalOutOfTurnError,
    ApproverNotDistinctError,
    ContentChangedError,
)
from services.payments.storage.cycles import (
    Approval,
    Cycle,
    approvals_of,
    insert_approval,
    lock_cycle,
    step_cycle,
)
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.read_cycle import (
    CycleStatus,
    cycle_status,
    require_whole_country,
    visible_cycle,
)
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction

_STEP_OF_LEVEL = {1: ("FROZEN", "IN_APPROVAL"), 2: ("IN_APPROVAL", "APPROVED")}


@dataclass(frozen=True, slots=True)
class WantedApproval:
    """Who says yes, at which level, to which content."""

    cycle_id: UUID
    level: int
    content_hash: bytes
    actor: str


async def approve_cycle(
    using: Collaborators, tx: Transaction, wanted: WantedApproval, *, scope: RowScope
) -> CycleStatus:
    """Keep a person's yes and return the cycle; after the second, a worker releases it.

    Raises:
        CycleUnknownError: There is no such cycle that the caller may see.
        ScopeTooNarrowError: The caller's grant does not span the country and the programme.
        ApprovalOutOfTurnError: The cycle does not wait for this level.
        ContentChangedError: The hash is not that of the cycle's content.
        ApproverNotDistinctError: The caller opened this cycle, or approved it before.
    """
    cycle = visible_cycle(await lock_cycle(tx, wanted.cycle_id), scope)
    require_whole_country(scope, cycle.programme)
    await _require_distinct(tx, cycle, wanted.actor)
    before, after = _STEP_OF_LEVEL[wanted.level]
    if cycle.state != before:
        message = "The cycle does not wait for an approval of this level."
        raise ApprovalOutOfTurnError(message)
    if not hmac.compare_digest(cycle.content_hash or b"", wanted.content_hash):
        message = "The cycle's content is not what this approval names; look at it again."
        raise ContentChangedError(message)
    approval = Approval(level=wanted.level, actor=wanted.actor, approved_at=using.clock.now())
    try:
        await insert_approval(tx, cycle, approval, approval_id=new_id())
    except (CheckViolation, UniqueViolation) as error:
        raise _not_distinct() from error
    await step_cycle(tx, cycle.cycle_id, before=before, after=after)
    return await cycle_status(tx, cycle.cycle_id, scope=scope)


async def _require_distinct(tx: Transaction, cycle: Cycle, actor: str) -> None:
    earlier = await approvals_of(tx, cycle.cycle_id)
    if actor == cycle.maker or any(approval.actor == actor for approval in earlier):
        raise _not_distinct()


def _not_distinct() -> ApproverNotDistinctError:
    message = "Opening and both approvals of a cycle are for three different people."
    return ApproverNotDistinctError(message)
