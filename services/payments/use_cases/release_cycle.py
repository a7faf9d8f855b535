"""Releasing an approved cycle: its rows are hashed again, and only what was approved goes out."""

import hmac
from uuid import UUID

import structlog

from services.payments.storage.cycles import Cycle, claim_cycle, set_waiting_for, step_cycle
from services.payments.storage.freezing import recomputed_batches, sealed_batches
from services.payments.storage.instructions import approve_instructions
from services.payments.storage.transmissions import make_due
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.freeze_cycle import current_content_hash
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)

CONTENT_CHANGED = "The rows of the cycle are no longer those that were approved."
CYCLES_A_STEP_MAX = 100


async def release_cycles(using: Collaborators) -> bool:
    """Let the files of an approved cycle go; return whether there was one.

    A cycle whose rows no longer give the approved hash stays where it is and says so.
    """
    seen: set[UUID] = set()
    while len(seen) < CYCLES_A_STEP_MAX:
        async with using.database.transaction() as tx:
            cycle = await claim_cycle(tx, state="APPROVED", without=frozenset(seen))
            if cycle is None:
                return False
            seen.add(cycle.cycle_id)
            if await _release(using, tx, cycle):
                return True
    return False


async def _release(using: Collaborators, tx: Transaction, cycle: Cycle) -> bool:
    if not await _is_as_approved(tx, cycle):
        if cycle.waiting_for != CONTENT_CHANGED:
            log.error("cycle-content-changed", programme=cycle.programme, month=cycle.month)
        await set_waiting_for(tx, cycle, CONTENT_CHANGED)
        return False
    await set_waiting_for(tx, cycle, None)
    await step_cycle(tx, cycle.cycle_id, before="APPROVED", after="RELEASING")
    count = await approve_instructions(tx, cycle.cycle_id, at=using.clock.now())
    files = await make_due(tx, cycle.cycle_id)
    log.info("cycle-released", month=cycle.month, instructions=count, files=files)
    return True


async def _is_as_approved(tx: Transaction, cycle: Cycle) -> bool:
    batches, _ = await recomputed_batches(tx, cycle.cycle_id)
    sealed = await sealed_batches(tx, cycle.cycle_id)
    if {batch.batch_id: batch for batch in batches} != {batch.batch_id: batch for batch in sealed}:
        return False
    current = await current_content_hash(tx, cycle)
    return hmac.compare_digest(current, cycle.content_hash or b"")
