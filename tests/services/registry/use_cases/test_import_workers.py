"""Workers that crash, are overtaken, or read in processes beside them."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from typing_extensions import override

from services.registry.storage import import_blocks
from services.registry.storage.import_blocks import SealedBlock
from services.registry.storage.import_jobs import ImportJob
from services.registry.use_cases.apply_next_block import (
    CREW_FROM_BLOCKS,
    BlockTakenError,
    ImportApplier,
)
from services.registry.use_cases.block_readers import CrewReader, ThreadReader
from services.registry.use_cases.collaborators import ImportRules
from services.registry.use_cases.read_block import ReadBlock, ReadingTerms
from services.registry.use_cases.read_import import read_import
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person
from tests.services.registry.importing import items, outcome
from tests.services.registry.waiting import POLL_SECONDS, WAIT_SECONDS_MAX

HOUSEHOLDS = "registry.households-recorded.v1"


class Crash(Exception):  # noqa: N818 -- it stands for a power cut
    """The process stops here."""


@pytest.mark.parametrize("blocks_before", [0, 1, 3])
async def test_after_a_crash_another_worker_goes_on_where_the_first_stopped(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, blocks_before: int
) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=2))
    persons = [a_person(number) for number in range(1, 7)]
    file = a_file(*persons, a_household(1, [1, 2]), a_household(2, [3, 4]))
    job = await cut.receive(file, key="k")
    applier = ImportApplier(cut.worker, blocks_max=1)
    for _ in range(blocks_before):
        assert await applier.apply_next_blocks()
    forget_block = import_blocks.forget_block

    async def crash(tx: Transaction, job_id: UUID, *, attempt: int, number: int) -> None:
        await forget_block(tx, job_id, attempt=attempt, number=number)
        raise Crash

    with monkeypatch.context() as crashing:
        crashing.setattr(import_blocks, "forget_block", crash)
        with pytest.RaisesGroup(Crash):
            await applier.apply_next_blocks()
    halfway = await read_import(job.job_id, using=cut.api)
    assert halfway.lines_done == 2 * blocks_before
    assert await cut.databases.value("SELECT count(*) FROM person") == min(6, 2 * blocks_before)
    await end_leases(cut)
    successor = ImportApplier(replace(cut.worker, worker_id=str(new_id())))
    while await successor.apply_next_blocks():
        pass
    assert outcome(await read_import(job.job_id, using=cut.api)) == (6, 2, 0, 0)
    assert len(await items(cut, HOUSEHOLDS)) == 2


async def end_leases(registry: Registry) -> None:
    """Let every lease run out, as time would."""
    async with registry.databases.worker.transaction() as tx:
        await tx.execute("UPDATE lease SET expires_at = now() - interval '1 second'")


class Overtaken(ThreadReader):
    """Reads so slowly that another worker takes over in the meantime."""

    def __init__(self, slow: Registry, quick: ImportApplier, job: ImportJob) -> None:
        """Name the worker who takes over, and the job."""
        super().__init__(slow.worker.sealed)
        self._slow, self._quick, self._job = slow, quick, job

    @override
    async def read(self, block: SealedBlock, terms: ReadingTerms) -> ReadBlock:
        read = await super().read(block, terms)
        if block.number == 1:
            await self._first_block_applied()
            await end_leases(self._slow)
            assert await self._quick.apply_next_blocks()
        return read

    async def _lines_done(self) -> int:
        return (await read_import(self._job.job_id, using=self._slow.api)).lines_done

    async def _first_block_applied(self) -> None:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while not await self._lines_done():  # noqa: ASYNC110 -- rows have no event
                await asyncio.sleep(POLL_SECONDS)


async def test_a_worker_that_lost_its_lease_writes_nothing(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))
    lines = [a_person(number) for number in range(1, CREW_FROM_BLOCKS + 1)]
    job = await cut.receive(a_file(*lines), key="k")
    another = replace(cut.worker, worker_id=str(new_id()))
    quick = ImportApplier(another, blocks_max=1)
    slow = ImportApplier(cut.worker, crew=Overtaken(cut, quick, job))
    with pytest.RaisesGroup(BlockTakenError):
        await slow.apply_next_blocks()
    assert not await slow.apply_next_blocks()
    while await quick.apply_next_blocks():
        pass
    recorded = (len(lines), 0, 0, 0)
    assert outcome(await read_import(job.job_id, using=cut.api)) == recorded


async def test_a_crew_of_processes_reads_what_a_thread_does(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=300))
    wrong = a_person(2, sex="X")
    persons = [a_person(number) for number in range(10, 10 + 300 * CREW_FROM_BLOCKS)]
    job = await cut.receive(a_file(*persons, wrong, a_household(1, [10, 11])), key="k")
    crew = CrewReader(cut.worker.keys, size=1)
    try:
        applier = ImportApplier(cut.worker, crew=crew)
        while await applier.apply_next_blocks():
            pass
    finally:
        crew.close()
    assert outcome(await read_import(job.job_id, using=cut.api)) == (len(persons), 1, 0, 1)
    assert await cut.rejects(job) == [(len(persons) + 1, "sex", "registry.value-unknown")]


async def test_two_workers_apply_one_file_only_once(registry: Registry) -> None:
    job = await registry.receive(a_file(a_person(1), a_person(2)), key="k")
    first = ImportApplier(registry.worker)
    second = ImportApplier(replace(registry.worker, worker_id=str(new_id())))
    async with registry.databases.worker.transaction() as tx:
        await tx.execute(
            "INSERT INTO lease (name, owner, token, expires_at)"
            " VALUES ('registry.imports', %s, 1, now() + interval '1 minute')",
            (registry.worker.worker_id,),
        )
    assert not await second.apply_next_blocks()
    assert await first.apply_next_blocks()
    assert outcome(await read_import(job.job_id, using=registry.api)) == (2, 0, 0, 0)
