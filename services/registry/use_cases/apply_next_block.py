"""Apply the next blocks of the oldest received file: all of a block's effects, or none."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog
from psycopg.errors import LockNotAvailable, UniqueViolation

from services.registry.storage import import_blocks, import_jobs
from services.registry.storage.import_blocks import LineReject, SealedBlock
from services.registry.storage.import_jobs import BlockTally, ImportJob
from services.registry.storage.standing import hold_persons
from services.registry.use_cases.block_readers import BlockReader, ThreadReader
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import ReadBlock, ReadingTerms
from services.registry.use_cases.record_households import record_households
from services.registry.use_cases.record_persons import Recording, record_persons
from shared.runtime.clock import CASABLANCA
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease

log = structlog.get_logger(__name__)

IMPORT_LEASE = "registry.imports"
IMPORT_LEASE_SECONDS = 10
BLOCKS_PER_STEP_MAX = 64
CREW_FROM_BLOCKS = 6
"""A file of fewer blocks is read in a thread before a crew of processes has started."""


class BlockMissingError(Exception):
    """A received job has lost a block that it still needs."""


class BlockTakenError(Exception):
    """Another worker has applied the block in the meantime; nothing of ours is kept."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A block that this worker may apply, and what its lines say."""

    block: SealedBlock
    read: ReadBlock


@dataclass(frozen=True, slots=True)
class _Turn:
    """A job whose blocks this worker may apply, under one token of its lease."""

    job: ImportJob
    fence: int


@dataclass(slots=True)
class ImportApplier:
    """Applies received files, some blocks at a step of the file that arrived first.

    One worker applies at a time, under a lease that it renews in the very transaction of a block's
    effects; a crash at any point leaves each block either applied and gone, or untouched. While
    the database is busy with a block, the next ones are read.
    """

    using: Collaborators
    crew: BlockReader | None = None
    """Reads files of many blocks; without it, everything is read in a thread."""
    blocks_max: int = BLOCKS_PER_STEP_MAX
    _thread: BlockReader = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to read without a crew."""
        self._thread = ThreadReader(self.using.sealed)

    async def apply_next_blocks(self) -> bool:
        """Apply some blocks of one file, and return whether there were any."""
        turn = await self._next_turn()
        if turn is None:
            return False
        job = turn.job
        last = min(job.blocks_total, job.blocks_done + self.blocks_max)
        reader = self.crew if self.crew and job.blocks_total >= CREW_FROM_BLOCKS else self._thread
        ahead: deque[asyncio.Task[_Taken]] = deque()
        async with asyncio.TaskGroup() as group:
            for number in range(job.blocks_done, min(last, job.blocks_done + reader.ahead)):
                ahead.append(group.create_task(self._take(job, number, reader)))
            for number in range(job.blocks_done, last):
                taken = await ahead.popleft()
                if number + reader.ahead < last:
                    coming = self._take(job, number + reader.ahead, reader)
                    ahead.append(group.create_task(coming))
                await _apply(turn, taken, using=self.using)
        return True

    async def _next_turn(self) -> _Turn | None:
        async with self.using.database.transaction() as tx:
            job = await import_jobs.next_unfinished_job(tx)
            if job is None:
                return None
            fence = await _hold_lease(tx, self.using)
        return None if fence is None else _Turn(job, fence)

    async def _take(self, job: ImportJob, number: int, reader: BlockReader) -> _Taken:
        async with self.using.database.transaction() as tx:
            block = await import_blocks.read_block(
                tx, job.job_id, attempt=job.attempt, number=number
            )
        if block is None:
            message = f"Import {job.job_id} has no block {number}."
            raise BlockMissingError(message)
        return _Taken(block, await reader.read(block, _terms(job, self.using)))


async def _hold_lease(tx: Transaction, using: Collaborators) -> int | None:
    return await acquire_lease(
        tx, IMPORT_LEASE, owner=using.worker_id, seconds=IMPORT_LEASE_SECONDS
    )


def _terms(job: ImportJob, using: Collaborators) -> ReadingTerms:
    """Return the terms of a file: it is judged by the day on which it arrived."""
    return ReadingTerms(
        today=_arrival_day(job, using),
        algorithm=using.rules.algorithm,
        regions=job.regions,
        file_format=job.file_format,
    )


async def _apply(turn: _Turn, taken: _Taken, *, using: Collaborators) -> None:
    """Apply a block; hold all its people first only if somebody else has been at one of them.

    Mostly nobody has, and to hold each of them would be to write each of them once more. Somebody
    else has if they hold one of those who move, or have just recorded what the block adds: a
    person, a household, where somebody lives. It is on file then, and the block is judged by it.
    """
    try:
        async with using.database.transaction() as tx:
            tally = await _take_effect(tx, turn, taken, using=using)
    except (LockNotAvailable, UniqueViolation):
        async with using.database.transaction() as tx:
            tally = await _take_effect(tx, turn, taken, using=using, held=taken.read.people)
    using.lines_applied.labels("recorded").inc(tally.persons_recorded + tally.households_recorded)
    using.lines_applied.labels("unchanged").inc(tally.unchanged)
    using.lines_applied.labels("rejected").inc(tally.rejected)
    if taken.block.number + 1 == turn.job.blocks_total:
        log.info("import-completed", job_id=str(turn.job.job_id), lines=turn.job.lines_total)


async def _take_effect(
    tx: Transaction,
    turn: _Turn,
    taken: _Taken,
    *,
    using: Collaborators,
    held: Sequence[bytes] = (),
) -> BlockTally:
    job, number, now = turn.job, taken.block.number, using.clock.now()
    if await _hold_lease(tx, using) != turn.fence:
        raise _taken_by_another()
    if held:
        await hold_persons(tx, held)
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
    persons = await record_persons(tx, read.persons, recording=recording)
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
