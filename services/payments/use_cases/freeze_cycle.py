"""Freezing a cycle: its content is written and hashed at once, or not at all."""

from uuid import UUID

import structlog

from services.payments.domain.content_hash import cycle_hash
from services.payments.domain.fees import fee_bands
from services.payments.domain.freezing import RunTotals, Standing, what_is_missing
from services.payments.domain.programmes import MONTHLY, RAIL, monthly_ceiling_centimes
from services.payments.domain.reasons import ABOVE_CEILING, ACCOUNT_MISSING
from services.payments.storage.cycles import Cycle, claim_cycle, set_waiting_for, step_cycle
from services.payments.storage.entitlements import received_of_run, run_totals, standing
from services.payments.storage.freezing import (
    FreezingRules,
    insert_frozen,
    mark_frozen,
    recomputed_batches,
)
from services.payments.storage.ledger import post_frozen
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)

CYCLES_A_STEP_MAX = 100


class StandingMovedError(Exception):
    """What was frozen is not what stood a moment before; nothing is kept, and it is tried again."""


async def freeze_cycles(using: Collaborators, *, file_transactions_max: int) -> bool:
    """Freeze the planned cycles whose run's totals are met; the others say what they wait for.

    One whose run is of another programme or month would wait for ever: it is aborted.

    Returns:
        Whether one was frozen.

    Raises:
        StandingMovedError: An entitlement arrived while a cycle was being written.
    """
    seen: set[UUID] = set()
    while len(seen) < CYCLES_A_STEP_MAX:
        async with using.database.transaction() as tx:
            cycle = await claim_cycle(tx, state="PLANNED", without=frozenset(seen))
            if cycle is None:
                return False
            seen.add(cycle.cycle_id)
            if await _freeze(using, tx, cycle, per_file=file_transactions_max):
                return True
    return False


async def _freeze(using: Collaborators, tx: Transaction, cycle: Cycle, *, per_file: int) -> bool:
    totals = await run_totals(tx, cycle.run_id)
    missing = await _missing(tx, cycle, totals)
    if missing is not None or totals is None:
        await set_waiting_for(tx, cycle, missing)
        await _abort_if_hopeless(tx, cycle, totals)
        return False
    now, today = using.clock.now(), using.clock.today()
    rules = FreezingRules(
        kind=MONTHLY,
        rail=RAIL,
        ceiling_centimes=monthly_ceiling_centimes(cycle.programme, on=today),
        fee_bands=fee_bands(on=today),
        account_missing=ACCOUNT_MISSING,
        above_ceiling=ABOVE_CEILING,
        per_file=per_file,
    )
    frozen = await insert_frozen(tx, cycle, rules, at=now)
    if frozen != Standing(totals.households, totals.amount_centimes):
        message = "Entitlements changed while the cycle was being frozen."
        raise StandingMovedError(message)
    await post_frozen(tx, cycle.cycle_id, on=today)
    content_hash = await current_content_hash(tx, cycle)
    await mark_frozen(tx, cycle.cycle_id, content_hash=content_hash, at=now)
    log.info("cycle-frozen", programme=cycle.programme, month=cycle.month, count=frozen.households)
    return True


async def _abort_if_hopeless(tx: Transaction, cycle: Cycle, totals: RunTotals | None) -> None:
    if totals is None or totals.is_for(programme=cycle.programme, month=cycle.month):
        return
    await step_cycle(tx, cycle.cycle_id, before="PLANNED", after="ABORTED")
    log.warning("cycle-aborted", programme=cycle.programme, month=cycle.month)


async def _missing(tx: Transaction, cycle: Cycle, totals: RunTotals | None) -> str | None:
    counted = totals is not None
    return what_is_missing(
        totals,
        programme=cycle.programme,
        month=cycle.month,
        received=await received_of_run(tx, cycle.run_id) if counted else 0,
        standing=(
            await standing(tx, programme=cycle.programme, month=cycle.month)
            if counted
            else Standing(0, 0)
        ),
    )


async def current_content_hash(tx: Transaction, cycle: Cycle) -> bytes:
    """Return the hash of a cycle's content as its rows are at this moment."""
    batches, held = await recomputed_batches(tx, cycle.cycle_id)
    return cycle_hash(
        programme=cycle.programme,
        month=cycle.month,
        run_no=cycle.run_no,
        batches=batches,
        held=held,
    )
