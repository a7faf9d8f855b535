"""Advance the runs that are open, one bounded step at a time: plan, assess a chunk, complete."""

import structlog

from services.eligibility.domain.months import write_month
from services.eligibility.domain.vocabulary import Programme
from services.eligibility.events.published import SOURCE, RunCompleted
from services.eligibility.storage.run_chunks import cut_chunks
from services.eligibility.storage.runs import (
    complete_run,
    count_totals,
    fail_hopeless_runs,
    start_run,
    take_finished_run,
    take_planned_run,
)
from services.eligibility.use_cases.assess_next_chunk import (
    CHUNK_ATTEMPTS_MAX,
    assess_next_chunk,
)
from services.eligibility.use_cases.collaborators import Collaborators
from shared.messaging.publishing import publish

log = structlog.get_logger(__name__)


async def advance_runs(collaborators: Collaborators) -> bool:
    """Do one step of some run, if any has one; return whether there was work."""
    return (
        await plan_next_run(collaborators)
        or await assess_next_chunk(collaborators)
        or await complete_next_run(collaborators)
    )


async def plan_next_run(collaborators: Collaborators) -> bool:
    """Cut the households on file into the chunks of the oldest run that waits for it."""
    async with collaborators.database.transaction() as tx:
        run = await take_planned_run(tx)
        if run is None:
            return False
        households = await cut_chunks(
            tx, run.run_id, households_max=collaborators.run_chunk_households
        )
        await start_run(tx, run.run_id, households_total=households)
    log.info("run-planned", run_id=str(run.run_id), households=households)
    return True


async def complete_next_run(collaborators: Collaborators) -> bool:
    """Count, close and tell a run whose chunks are all done; give up one that cannot be done."""
    now = collaborators.clock.now()
    async with collaborators.database.transaction() as tx:
        failed = await fail_hopeless_runs(tx, attempts_max=CHUNK_ATTEMPTS_MAX)
        run = await take_finished_run(tx)
        if run is not None:
            totals = await count_totals(tx, run)
            await complete_run(tx, run.run_id, totals, at=now)
            item = RunCompleted(
                run_id=run.run_id,
                version=1,
                month=write_month(run.month),
                programme=Programme(run.programme),
                events=totals.events,
                items=totals.items,
                households=totals.households_eligible,
                amount_centimes=totals.amount_centimes,
            )
            await publish(tx, [item], source=SOURCE, at=now)
    for run_id in failed:
        log.error("run-failed", run_id=str(run_id))
    if run is not None:
        log.info("run-completed", run_id=str(run.run_id))
    return run is not None
