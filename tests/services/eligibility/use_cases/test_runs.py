"""Runs: everybody is assessed again, only changes are told, the totals are a recount."""

from datetime import date, timedelta

import pytest
from psycopg.errors import CheckViolation

from services.eligibility.domain.vocabulary import Programme
from services.eligibility.storage.run_chunks import claim_chunk, finish_chunk
from services.eligibility.use_cases.advance_runs import advance_runs, plan_next_run
from services.eligibility.use_cases.assess_next_chunk import (
    CHUNK_ATTEMPTS_MAX,
    assess_next_chunk,
)
from services.eligibility.use_cases.refusals import (
    MonthClosedError,
    MonthTooFarError,
    RunExistsError,
    RunInProgressError,
)
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import (
    ASSESSED,
    COMPLETED,
    DECIDED,
    Eligibility,
    an_item,
    recount,
)

NOVEMBER = date(2026, 11, 1)
POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
RICH = a_household(a_head(), cows=500)
# 21 on the first of December 2026: until then the household gets aid for a child.
LAST_CHILD = a_household(
    a_head(), a_spouse(), a_child(20, birth_date=date(2005, 12, 1), schooling="none")
)


async def test_a_run_without_changes_tells_nothing_but_its_totals(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(*(an_item(POOR) for _ in range(7)), an_item(RICH))
    before = len(await eligibility.items(DECIDED))

    run = await eligibility.run("2026-11")

    assert len(await eligibility.items(DECIDED)) == before
    assert await eligibility.items(COMPLETED) == [
        {
            "run_id": str(run["run_id"]),
            "version": 1,
            "month": "2026-11",
            "programme": "asd",
            "events": 0,
            "items": 0,
            "households": 7,
            "amount_centimes": 7 * 75_000,
        }
    ]
    assert (run["state"], run["households_total"]) == ("completed", 8)


async def test_a_run_tells_those_whose_outcome_changed_with_age_and_nobody_else(
    eligibility: Eligibility,
) -> None:
    grown = an_item(LAST_CHILD)
    await eligibility.hear(grown, *(an_item(POOR) for _ in range(4)))
    eligibility.clock.move(timedelta(days=14))

    run = await eligibility.run("2026-12")

    told = [one for one in await eligibility.items(DECIDED) if one["run_id"] is not None]
    assert [(one["household_id"], one["version"]) for one in told] == [(grown["household_id"], 2)]
    assert told[0]["run_id"] == str(run["run_id"])
    assert told[0]["effective_month"] == "2026-12"
    assert [line["code"] for line in told[0]["components"]] == ["asd.lump-sum"]
    assert (run["events"], run["items"]) == (1, 1)


async def test_the_totals_of_a_run_are_those_of_a_recount(eligibility: Eligibility) -> None:
    await eligibility.hear(an_item(LAST_CHILD), an_item(RICH), an_item(POOR, programmes=[]))
    await eligibility.hear(*(an_item(POOR) for _ in range(5)))
    eligibility.clock.move(timedelta(days=14))

    run = await eligibility.run("2026-12")

    outcomes = await eligibility.databases.rows("SELECT * FROM outcome WHERE programme = 'asd'")
    counted = recount(outcomes, date(2026, 12, 1))
    assert (run["households_eligible"], run["amount_centimes"]) == counted
    assert counted == (6, 5 * 75_000 + 50_000)


async def test_a_decision_after_the_cutoff_counts_from_the_next_month(
    eligibility: Eligibility,
) -> None:
    early = an_item(POOR)
    await eligibility.hear(early)
    await eligibility.open_run("2026-11")
    late = an_item(POOR)
    changed = an_item(RICH, version=2) | {"household_id": early["household_id"]}
    await eligibility.hear(late, changed)
    await eligibility.work()

    (run,) = await eligibility.items(COMPLETED)
    assert (run["households"], run["amount_centimes"]) == (1, 75_000)
    versions = await eligibility.outcomes(early["household_id"])
    assert [(row["outcome"], row["effective_month"]) for row in versions] == [
        ("eligible", NOVEMBER),
        ("refused", date(2026, 12, 1)),
    ]
    (only,) = await eligibility.outcomes(late["household_id"])
    assert only["effective_month"] == date(2026, 12, 1)


async def test_the_cutoff_of_one_programme_leaves_the_other_open(
    eligibility: Eligibility,
) -> None:
    await eligibility.open_run("2026-11", Programme.ASD)
    await eligibility.hear(an_item(POOR))
    months = {one["programme"]: one["effective_month"] for one in await eligibility.items(DECIDED)}
    assert months == {"asd": "2026-12", "amo_tadamon": "2026-11"}


async def test_a_month_that_nobody_closed_does_not_take_decisions_once_it_is_over(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(an_item(POOR))
    eligibility.clock.move(timedelta(days=60))
    item = an_item(POOR)
    await eligibility.hear(item)
    (outcome,) = await eligibility.outcomes(item["household_id"])
    assert outcome["effective_month"] == date(2027, 1, 1)


async def test_a_run_of_a_programme_leaves_the_other_programme_as_it_is(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(an_item(LAST_CHILD))
    eligibility.clock.move(timedelta(days=14))
    await eligibility.run("2026-12", Programme.AMO_TADAMON)
    assert await eligibility.databases.value("SELECT max(version) FROM outcome") == 1
    (completed,) = await eligibility.items(COMPLETED)
    assert (completed["programme"], completed["households"]) == ("amo_tadamon", 1)
    assert completed["amount_centimes"] == 0


async def test_runs_of_both_programmes_over_the_same_households_both_complete(
    eligibility: Eligibility,
) -> None:
    urban = LAST_CHILD | {"milieu": "urban"}  # the age of the head moves the urban index
    await eligibility.hear(*(an_item(urban) for _ in range(4)))
    eligibility.clock.move(timedelta(days=200))
    await eligibility.open_run("2027-06", Programme.ASD)
    await eligibility.run("2027-06", Programme.AMO_TADAMON)
    assert len(await eligibility.items(COMPLETED)) == 2
    assert {one["version"] for one in await eligibility.items(ASSESSED)} == {1, 2}
    assert len(await eligibility.items(ASSESSED)) == 8


async def test_a_run_over_nobody_completes_with_zeros(eligibility: Eligibility) -> None:
    run = await eligibility.run("2026-11")
    assert (run["state"], run["households_total"], run["amount_centimes"]) == ("completed", 0, 0)


async def test_a_month_is_run_once(eligibility: Eligibility) -> None:
    await eligibility.run("2026-11")
    with pytest.raises(RunExistsError):
        await eligibility.open_run("2026-11")


async def test_the_months_of_a_programme_are_run_one_after_the_other(
    eligibility: Eligibility,
) -> None:
    await eligibility.open_run("2026-11")
    with pytest.raises(RunInProgressError):
        await eligibility.open_run("2026-12")


async def test_a_month_whose_cutoff_has_passed_cannot_be_run(eligibility: Eligibility) -> None:
    await eligibility.run("2026-12")
    with pytest.raises(MonthClosedError):
        await eligibility.open_run("2026-11")


async def test_a_month_far_ahead_cannot_be_run(eligibility: Eligibility) -> None:
    with pytest.raises(MonthTooFarError):
        await eligibility.open_run("2027-01")


async def alter_run_chunk(eligibility: Eligibility, change: str) -> None:
    async with eligibility.databases.owner.transaction() as tx:
        await tx.execute(f"ALTER TABLE run_chunk {change}".encode())


async def test_a_run_goes_on_after_a_failure_and_tells_every_change_once(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(*(an_item(LAST_CHILD) for _ in range(7)))
    eligibility.clock.move(timedelta(days=14))
    await eligibility.open_run("2026-12")
    await plan_next_run(eligibility.collaborators)
    await assess_next_chunk(eligibility.collaborators)

    await alter_run_chunk(
        eligibility, "ADD CONSTRAINT ck_trip CHECK (number <> 1 OR NOT is_done) NOT VALID"
    )
    with pytest.raises(CheckViolation):
        await assess_next_chunk(eligibility.collaborators)
    await alter_run_chunk(eligibility, "DROP CONSTRAINT ck_trip")
    await eligibility.work()

    told = [one for one in await eligibility.items(DECIDED) if one["run_id"] is not None]
    assert len({one["household_id"] for one in told}) == len(told) == 7
    (completed,) = await eligibility.items(COMPLETED)
    assert (completed["events"], completed["items"]) == (3, 7)


async def test_a_worker_that_lost_its_lease_cannot_finish_the_chunk(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(an_item(POOR))
    await eligibility.open_run("2026-11")
    await plan_next_run(eligibility.collaborators)
    database = eligibility.databases.worker
    async with database.transaction() as tx:
        late = await claim_chunk(tx, lease_seconds=-1, attempts_max=CHUNK_ATTEMPTS_MAX)
    async with database.transaction() as tx:
        successor = await claim_chunk(tx, lease_seconds=60, attempts_max=CHUNK_ATTEMPTS_MAX)
    assert late is not None
    assert successor is not None

    async with database.transaction() as tx:
        assert not await finish_chunk(tx, late, events=0, items=0)
        assert await finish_chunk(tx, successor, events=0, items=0)


async def test_a_chunk_under_a_lease_is_not_claimed_by_another_worker(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(an_item(POOR))
    await eligibility.open_run("2026-11")
    await plan_next_run(eligibility.collaborators)
    async with eligibility.databases.worker.transaction() as tx:
        assert await claim_chunk(tx, lease_seconds=60, attempts_max=CHUNK_ATTEMPTS_MAX)
    assert not await assess_next_chunk(eligibility.collaborators)


async def test_a_run_that_cannot_be_done_fails_and_its_month_may_be_tried_again(
    eligibility: Eligibility,
) -> None:
    await eligibility.hear(an_item(POOR))
    await eligibility.open_run("2026-11")
    await plan_next_run(eligibility.collaborators)
    async with eligibility.databases.worker.transaction() as tx:
        await tx.execute("UPDATE run_chunk SET lease_token = %s", (CHUNK_ATTEMPTS_MAX,))
    assert not await advance_runs(eligibility.collaborators)
    assert await eligibility.databases.value("SELECT state FROM run") == "failed"

    run = await eligibility.run("2026-11")
    assert (run["state"], run["households_eligible"]) == ("completed", 1)
