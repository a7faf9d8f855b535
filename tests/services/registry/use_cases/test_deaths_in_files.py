"""Deaths that files tell of: households go on without their deceased, or wait for a successor."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain.attestations import ReportedFact
from services.registry.events.published import (
    ContactRecorded,
    HouseholdDissolved,
    HouseholdRecorded,
    PersonStatusChanged,
)
from services.registry.storage.import_jobs import ImportJob
from services.registry.storage.statistics import read_due_reviews
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.announce_attested import announce_attested
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.collaborators import ImportRules
from services.registry.use_cases.record_attestations import Report
from services.registry.use_cases.release_deceased import release_deceased
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    ON,
    a_declaration,
    declared,
    faults,
    members,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person, an_idcs
from tests.services.registry.partners import reported

ARRIVED = "2026-11-20"


def a_deceased(number: int, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return the line that says that the number-th person is dead."""
    return a_person(number, status="deceased") | changes


async def told(registry: Registry, event_type: str) -> list[dict[str, Any]]:
    """Return the items of every event of a type, in the order of publishing."""
    rows = await registry.databases.rows(
        "SELECT body FROM outbox WHERE type = %(type)s ORDER BY position", type=event_type
    )
    return [item for row in rows for item in json.loads(bytes(row["body"]))["data"]["items"]]


async def let_die(registry: Registry, *lines: dict[str, Any], key: str = "deaths") -> ImportJob:
    """Load a file, and let households go on without those it says are dead."""
    job = await registry.load(a_file(*lines), key=key)
    while await release_deceased(registry.worker):
        pass
    return job


async def everything_written(registry: Registry) -> tuple[object, ...]:
    """Return how much there is of what a repeated file must not add to."""
    counts = "SELECT count(*) FROM {}"
    tables = ("household_version", "household_member", "residence", "person_version", "outbox")
    return tuple([await registry.databases.value(counts.format(table)) for table in tables])


async def overdue(registry: Registry) -> int:
    """Return how many households should have been reviewed before today."""
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        counts = await read_due_reviews(tx, before=registry.clock.today())
    return sum(number for numbers in counts.values() for number in numbers)


async def report_employed(registry: Registry, number: int) -> None:
    """Have a source vouch for a fact about a person."""
    said = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)
    await reported(registry, Report(Identifier(an_idcs(number)), said))


async def lives_somewhere(registry: Registry, number: int) -> bool:
    """Say whether somebody lives in a household."""
    return bool(
        await registry.databases.value(
            "SELECT count(*) FROM residence WHERE person_id = %(id)s",
            id=await person_id_of(registry, number),
        )
    )


async def without_head(registry: Registry) -> UUID:
    """Return a household of three whose head a file let die."""
    first, _ = await on_file(registry)
    await let_die(registry, a_deceased(1))
    return first


async def test_a_household_goes_on_without_a_member_who_died(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await let_die(registry, a_deceased(2))
    assert await members(registry, first) == {"1": "head", "3": "child"}
    assert not await lives_somewhere(registry, 2)
    latest = (await told(registry, HouseholdRecorded.TYPE))[-1]
    assert (latest["household_id"], latest["version"]) == (str(first), 2)
    assert (latest["valid_from"], len(latest["members"])) == (ARRIVED, 2)
    (status,) = await told(registry, PersonStatusChanged.TYPE)
    assert (status["status"], status["effective_on"]) == ("deceased", ARRIVED)
    assert await overdue(registry) == 0
    # It is stuck no more, and the line that lists the deceased does not bring them back.
    job = await registry.load(a_file(a_household(1, [1, 2, 3])), key="as it was")
    assert (1, "declared_on", "registry.declaration-outdated") in await registry.rejects(job)
    job = await registry.load(a_file(a_household(1, [1, 2, 3], declared_on=ARRIVED)), key="today")
    assert await registry.rejects(job) == [(1, "members[1].idcs", "registry.person-deceased")]
    assert await faults(registry, a_declaration("review", household_id=str(first))) == []


async def test_the_same_file_again_changes_nothing(registry: Registry) -> None:
    await on_file(registry)
    file = [a_deceased(1), a_deceased(4), a_deceased(5)]
    await let_die(registry, *file)
    before = await everything_written(registry)
    again = await let_die(registry, *file, key="again")
    assert (again.unchanged, again.rejected) == (3, 0)
    assert await everything_written(registry) == before


async def test_a_household_of_nobody_else_is_dissolved(registry: Registry) -> None:
    _, second = await on_file(registry)
    await let_die(registry, a_deceased(4))
    (ended,) = await told(registry, HouseholdDissolved.TYPE)
    assert (ended["household_id"], ended["version"], ended["dissolved_on"]) == (
        str(second),
        2,
        ARRIVED,
    )
    assert not await lives_somewhere(registry, 4)


async def test_the_only_one_left_heads_the_household(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await let_die(registry, a_deceased(1), a_deceased(3, birth_date="2015-03-01"))
    assert await members(registry, first) == {"2": "head"}
    (member,) = (await told(registry, HouseholdRecorded.TYPE))[-1]["members"]
    assert (member["head"], member["declarant"]) == (True, True)


async def test_a_household_whose_head_died_stays_as_it_is_and_is_to_be_reviewed(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    before = await told(registry, HouseholdRecorded.TYPE)
    await let_die(registry, a_deceased(1))
    assert await members(registry, first) == {"1": "head", "2": "child", "3": "child"}
    assert await told(registry, HouseholdRecorded.TYPE) == before
    assert await overdue(registry) == 1
    contact = (await told(registry, ContactRecorded.TYPE))[-1]
    assert (contact["household_id"], contact["review_date"]) == (str(first), "2026-11-19")
    again = await let_die(registry, a_household(1, [1, 2, 3]), key="as it was")
    assert (again.unchanged, again.rejected) == (1, 0)


async def test_a_registrar_names_who_follows_a_head_whom_a_file_let_die(
    registry: Registry,
) -> None:
    first = await without_head(registry)
    body = a_declaration("death", person=an_idcs(1))
    assert await faults(registry, body) == [("successions", "registry.head-leaves")]
    named = body | {"successions": [{"household_id": str(first), "head": an_idcs(2)}]}
    receipt = await declared(registry, named)
    assert await members(registry, first) == {"2": "head", "3": "sibling"}
    assert not await lives_somewhere(registry, 1)
    assert [(s.part, s.version) for s in receipt.subjects] == [("deceased", 2), ("household", 3)]
    latest = (await told(registry, HouseholdRecorded.TYPE))[-1]
    assert (latest["version"], latest["valid_from"]) == (3, ON)
    # The death was told once, and is declared once.
    assert len(await told(registry, PersonStatusChanged.TYPE)) == 1
    assert await faults(registry, named) == [("person", "registry.person-deceased")]


async def test_whoever_died_meanwhile_leaves_with_the_head(registry: Registry) -> None:
    first, _ = await on_file(registry)
    four = a_household(1, [1, 2, 3, 6], declared_on="2026-11-10")
    await registry.load(a_file(a_person(6), four), key="a fourth")
    await let_die(registry, a_deceased(1))
    await let_die(registry, a_deceased(6), key="later")
    assert len(await members(registry, first)) == 4
    succession = [{"household_id": str(first), "head": an_idcs(2)}]
    await declared(registry, a_declaration("death", person=an_idcs(6), successions=succession))
    assert await members(registry, first) == {"2": "head", "3": "sibling"}
    assert not await lives_somewhere(registry, 1)
    assert not await lives_somewhere(registry, 6)


async def test_a_minor_does_not_come_to_head_a_household_by_a_file(registry: Registry) -> None:
    first, _ = await on_file(registry)
    await let_die(registry, a_deceased(1), a_deceased(2))
    assert len(await members(registry, first)) == 3
    assert await overdue(registry) == 1
    left = a_declaration("departure", household_id=str(first), person=an_idcs(3))
    await declared(registry, left)
    (ended,) = await told(registry, HouseholdDissolved.TYPE)
    assert ended["household_id"] == str(first)


async def test_a_file_takes_effect_whole_before_its_deceased_leave(registry: Registry) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=1))
    first, _ = await on_file(cut)
    # The household line is older than the day on which the file, and so the death, arrived.
    new = a_household(1, [1, 3], declared_on="2026-11-15", milieu="rural")
    await cut.receive(a_file(a_deceased(2), a_deceased(4), new), key="deaths")
    applier = ImportApplier(cut.worker, blocks_max=1)
    while await applier.apply_next_blocks():
        unfinished = await cut.databases.value(
            "SELECT count(*) FROM import_job WHERE state <> 'completed'"
        )
        assert await release_deceased(cut.worker) is not bool(unfinished)
    latest = [
        (item["version"], item["valid_from"], item["milieu"])
        for item in await told(cut, HouseholdRecorded.TYPE)
        if item["household_id"] == str(first)
    ]
    assert latest == [(1, "2026-10-02", "urban"), (2, "2026-11-15", "rural")]
    assert len(await told(cut, HouseholdDissolved.TYPE)) == 1


async def test_the_deceased_are_not_announced_as_living_for_what_is_attested(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    await registry.load(a_file(a_deceased(2)), key="deaths")
    await report_employed(registry, 1)
    assert await announce_attested(registry.worker)
    assert not await announce_attested(registry.worker)
    assert {item["version"] for item in await told(registry, HouseholdRecorded.TYPE)} == {1}
    await release_deceased(registry.worker)
    latest = (await told(registry, HouseholdRecorded.TYPE))[-1]
    assert (latest["household_id"], len(latest["members"])) == (str(first), 2)
    assert [item["fact"] for item in latest["attestations"]] == ["activity"]


async def test_what_is_attested_of_a_headless_household_is_told_with_its_successor(
    registry: Registry,
) -> None:
    first = await without_head(registry)
    before = len(await told(registry, HouseholdRecorded.TYPE))
    await report_employed(registry, 2)
    await report_employed(registry, 4)
    assert await announce_attested(registry.worker)
    assert not await announce_attested(registry.worker)
    # The other household, due at the same time, is told of; this one waits.
    others = (await told(registry, HouseholdRecorded.TYPE))[before:]
    assert [len(item["members"]) for item in others] == [1]
    succession = [{"household_id": str(first), "head": an_idcs(2)}]
    await declared(registry, a_declaration("death", person=an_idcs(1), successions=succession))
    latest = (await told(registry, HouseholdRecorded.TYPE))[-1]
    assert [item["fact"] for item in latest["attestations"]] == ["activity"]


async def test_a_death_declared_before_the_worker_comes_is_not_told_twice(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    await registry.load(a_file(a_deceased(2)), key="deaths")
    await declared(registry, a_declaration("death", person=an_idcs(2)))
    before = await everything_written(registry)
    assert await release_deceased(registry.worker)
    assert await everything_written(registry) == before
    assert await members(registry, first) == {"1": "head", "3": "child"}


async def test_a_registrar_and_the_worker_may_meet_over_the_same_deceased(
    registry: Registry,
) -> None:
    await on_file(registry)
    await registry.load(a_file(a_deceased(4)), key="deaths")
    async with asyncio.TaskGroup() as group:
        group.create_task(release_deceased(registry.worker))
        body = a_declaration("death", person=an_idcs(4))
        declaring = group.create_task(faults(registry, body))
    found = declaring.result()
    assert found in ([], [("person", "registry.person-deceased")])
    assert len(await told(registry, HouseholdDissolved.TYPE)) == 1


async def test_a_file_without_deaths_in_households_makes_nothing_due(registry: Registry) -> None:
    await on_file(registry)
    job = await registry.load(
        a_file(a_deceased(5), a_deceased(6), a_person(4, status="suspended")), key="nobody"
    )
    assert job.persons_recorded == 3
    assert await registry.databases.value("SELECT count(*) FROM deceased_due") == 0
    assert not await release_deceased(registry.worker)


@pytest.mark.parametrize(("region", "seen"), [("01", 1), ("04", 0)])
async def test_who_is_due_is_seen_within_the_region_alone(
    registry: Registry, region: str, seen: int
) -> None:
    await on_file(registry)
    await registry.load(a_file(a_deceased(2)), key="deaths")
    async with registry.databases.api.transaction(RowScope((region,), ("*",))) as tx:
        cursor = await tx.execute("SELECT 1 FROM deceased_due")
        assert len(await cursor.fetchall()) == seen
