"""Apply the next block of the oldest received file: all of its effects, or none."""

import asyncio
from dataclasses import dataclass
from datetime import date

import structlog

from services.registry.domain.lines import LineRules
from services.registry.storage import import_blocks, import_jobs
from services.registry.storage.import_blocks import LineReject, SealedBlock
from services.registry.storage.import_jobs import BlockTally, ImportJob
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import ReadBlock, read_block
from services.registry.use_cases.record_households import record_households
from services.registry.use_cases.record_persons import Recording, record_persons
from shared.runtime.clock import CASABLANCA
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease

log = structlog.get_logger(__name__)

IMPORT_LEASE = "registry.imports"
IMPORT_LEASE_SECONDS = 10


class BlockMissingError(Exception):
    """A received job has lost a block that it still needs."""


class BlockTakenError(Exception):
    """Another worker has applied the block in the meantime; nothing of ours is kept."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A block that this worker may apply, and what its lines say."""

    job: ImportJob
    block: SealedBlock
    fence: int
    read: ReadBlock


@dataclass(slots=True)
class ImportApplier:
    """Applies received files, one block of the file that arrived first at a time.

    One worker applies at a time, under a lease that it renews in the very transaction of a block's
    effects; a crash at any point leaves the block either applied and gone, or untouched. While the
    database is busy with a block, the next one is read.
    """

    using: Collaborators
    _ahead: _Taken | None = None

    async def apply_next_block(self) -> bool:
        """Apply one block, and return whether there was one."""
        taken, self._ahead = self._ahead, None
        taken = taken or await _take_next(self.using)
        if taken is None:
            return False
        async with asyncio.TaskGroup() as group:
            ahead = group.create_task(_take_after(taken, using=self.using))
            await _apply(taken, using=self.using)
        self._ahead = ahead.result()
        return True


async def _take_next(using: Collaborators) -> _Taken | None:
    async with using.database.transaction() as tx:
        job = await import_jobs.next_unfinished_job(tx)
        if job is None:
            return None
        fence = await acquire_lease(
            tx, IMPORT_LEASE, owner=using.worker_id, seconds=IMPORT_LEASE_SECONDS
        )
    if fence is None:
        return None
    return await _take(job, job.blocks_done, fence=fence, using=using)


async def _take_after(taken: _Taken, *, using: Collaborators) -> _Taken | None:
    number = taken.block.number + 1
    if number == taken.job.blocks_total:
        return None
    return await _take(taken.job, number, fence=taken.fence, using=using)


async def _take(job: ImportJob, number: int, *, fence: int, using: Collaborators) -> _Taken:
    async with using.database.transaction() as tx:
        block = await import_blocks.read_block(tx, job.job_id, attempt=job.attempt, number=number)
    if block is None:
        message = f"Import {job.job_id} has no block {number}."
        raise BlockMissingError(message)
    read = await asyncio.to_thread(read_block, block, rules=_rules(job, using), sealed=using.sealed)
    return _Taken(job, block, fence, read)


def _rules(job: ImportJob, using: Collaborators) -> LineRules:
    """Return the rules of a file: it is judged by the day on which it arrived."""
    return LineRules(
        today=_arrival_day(job, using),
        algorithm=using.rules.algorithm,
        regions=job.regions,
    )


async def _apply(taken: _Taken, *, using: Collaborators) -> None:
    async with using.database.transaction() as tx:
        tally = await _take_effect(tx, taken, using=using)
    using.lines_applied.labels("recorded").inc(tally.persons_recorded + tally.households_recorded)
    using.lines_applied.labels("unchanged").inc(tally.unchanged)
    using.lines_applied.labels("rejected").inc(tally.rejected)
    if taken.block.number + 1 == taken.job.blocks_total:
        log.info("import-completed", job_id=str(taken.job.job_id), lines=taken.job.lines_total)


async def _take_effect(tx: Transaction, taken: _Taken, *, using: Collaborators) -> BlockTally:
    job, now = taken.job, using.clock.now()
    number = taken.block.number
    fence = await acquire_lease(
        tx, IMPORT_LEASE, owner=using.worker_id, seconds=IMPORT_LEASE_SECONDS
    )
    if fence != taken.fence:
        raise _taken_by_another()
    recording = Recording(job.job_id, on=_arrival_day(job, using), at=now, regions=job.regions)
    tally, rejects = await _record(tx, taken.read, recording=recording, using=using)
    await import_blocks.add_rejects(tx, rejects)
    counted = await import_jobs.record_progress(
        tx, job, number=number, lines=taken.block.lines, tally=tally, at=now
    )
    if not counted:
        raise _taken_by_another()
    await import_blocks.forget_block(tx, job.job_id, attempt=job.attempt, number=number)
    return tally


async def _record(
    tx: Transaction, read: ReadBlock, *, recording: Recording, using: Collaborators
) -> tuple[BlockTally, list[LineReject]]:
    persons = await record_persons(tx, read.persons, recording=recording, using=using)
    households = await record_households(
        tx,
        read.households,
        first_lines=persons.first_lines,
        recording=recording,
        using=using,
    )
    rejects = [*read.rejects, *persons.rejects, *households.rejects]
    tally = BlockTally(
        persons_recorded=persons.recorded,
        households_recorded=len(households.placements),
        unchanged=persons.unchanged + len(households.unchanged_ids),
        rejected=len({reject.line for reject in rejects}),
    )
    return tally, rejects


def _arrival_day(job: ImportJob, using: Collaborators) -> date:
    return (job.received_at or using.clock.now()).astimezone(CASABLANCA).date()


def _taken_by_another() -> BlockTakenError:
    return BlockTakenError("Another worker applies this file now.")
