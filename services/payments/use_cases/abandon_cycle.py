"""Abandoning a cycle that was opened by mistake, so that its month may have another."""

from uuid import UUID

import structlog

from services.payments.domain.refusals import CycleNotAbandonableError
from services.payments.storage.cycles import lock_cycle, step_cycle
from services.payments.use_cases.read_cycle import (
    CycleStatus,
    cycle_status,
    require_whole_country,
    visible_cycle,
)
from shared.storage.database import RowScope, Transaction

log = structlog.get_logger(__name__)


async def abandon_cycle(tx: Transaction, cycle_id: UUID, *, scope: RowScope) -> CycleStatus:
    """Abort a cycle that has no content yet, and return it.

    Raises:
        CycleUnknownError: There is no such cycle that the caller may see.
        ScopeTooNarrowError: The caller's grant does not span the country and the programme.
        CycleNotAbandonableError: The cycle is frozen, further on, or aborted already.
    """
    cycle = visible_cycle(await lock_cycle(tx, cycle_id), scope)
    require_whole_country(scope, cycle.programme)
    if not await step_cycle(tx, cycle_id, before="PLANNED", after="ABORTED"):
        message = "Only a cycle that still waits for its run can be abandoned."
        raise CycleNotAbandonableError(message)
    log.info("cycle-abandoned", programme=cycle.programme, month=cycle.month)
    return await cycle_status(tx, cycle_id, scope=scope)
