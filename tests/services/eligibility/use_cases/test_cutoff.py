"""The cutoff under concurrency: a decision is either before it and counted, or after it."""

import asyncio
from datetime import date

from services.eligibility.events.consumed import HouseholdRecorded
from services.eligibility.storage.run_chunks import claim_chunk, household_ids_of
from services.eligibility.use_cases.advance_runs import plan_next_run
from services.eligibility.use_cases.record_households import record_households
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import COMPLETED, DECIDED, Eligibility, an_item, recount

NOVEMBER = date(2026, 11, 1)
POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
WAIT_SECONDS = 0.3


async def test_opening_a_run_waits_for_a_decision_on_its_way_and_counts_it(
    eligibility: Eligibility,
) -> None:
    deciding, may_commit = asyncio.Event(), asyncio.Event()

    async def decide() -> None:
        told = [HouseholdRecorded.model_validate(an_item(POOR))]
        async with eligibility.databases.worker.transaction() as tx:
            await record_households(tx, told, collaborators=eligibility.collaborators)
            deciding.set()
            await may_commit.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(decide())
        await deciding.wait()
        opening = group.create_task(eligibility.open_run("2026-11"))
        await asyncio.wait([opening], timeout=WAIT_SECONDS)
        assert not opening.done()
        may_commit.set()
    await eligibility.work()

    (completed,) = await eligibility.items(COMPLETED)
    assert (completed["households"], completed["amount_centimes"]) == (1, 75_000)


async def test_decisions_during_a_run_are_on_one_side_of_the_cutoff_and_the_totals_agree(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(*(an_item(POOR) for _ in range(10)))

    async def decide() -> None:
        for _ in range(12):
            await eligibility.hear(*(an_item(POOR) for _ in range(3)))

    async def run() -> None:
        await eligibility.open_run("2026-11")
        await eligibility.work()

    async with asyncio.TaskGroup() as group:
        group.create_task(decide())
        group.create_task(run())

    (completed,) = await eligibility.items(COMPLETED)
    outcomes = await eligibility.databases.rows("SELECT * FROM outcome WHERE programme = 'asd'")
    assert len(outcomes) == 46
    assert (completed["households"], completed["amount_centimes"]) == recount(outcomes, NOVEMBER)
    told = [one for one in await eligibility.items(DECIDED) if one["programme"] == "asd"]
    for_november = [one for one in told if one["effective_month"] == "2026-11"]
    assert len(for_november) == completed["households"]


async def test_new_facts_wait_while_a_run_is_at_their_household(eligibility: Eligibility) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    await eligibility.open_run("2026-11")
    await plan_next_run(eligibility.collaborators)
    async with eligibility.databases.worker.transaction() as tx:
        chunk = await claim_chunk(tx, lease_seconds=60, attempts_max=3)
    assert chunk is not None

    async with asyncio.TaskGroup() as group, eligibility.databases.worker.transaction() as tx:
        await household_ids_of(tx, chunk)
        hearing = group.create_task(eligibility.hear(item | {"version": 2}))
        await asyncio.wait([hearing], timeout=WAIT_SECONDS)
        assert not hearing.done()
    assert await eligibility.databases.value("SELECT fact_version FROM household") == 2


async def test_two_workers_share_the_chunks_of_a_run_and_it_completes_once(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(*(an_item(POOR) for _ in range(20)))
    await eligibility.open_run("2026-11")

    async with asyncio.TaskGroup() as group:
        group.create_task(eligibility.work())
        group.create_task(eligibility.work())

    (completed,) = await eligibility.items(COMPLETED)
    assert completed["households"] == 20
    assert await eligibility.databases.value("SELECT max(lease_token) FROM run_chunk") == 1
