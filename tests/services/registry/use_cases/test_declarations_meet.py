"""Declarations, files and workers that meet over the same people at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date
from typing import Any

import pytest

from services.registry.api.declaration_bodies import declaration_made
from services.registry.domain.attestations import ReportedFact
from services.registry.storage.deceased import take_deceased
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.announce_attested import announce_attested
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import (
    DeclarationConflictError,
    DeclarationRefusedError,
)
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.declare import declare
from services.registry.use_cases.read_block import REFERENCE_FIELD
from services.registry.use_cases.record_attestations import Report
from services.registry.use_cases.record_guardianship import GuardianMade, record_guardianship
from services.registry.use_cases.release_deceased import release_deceased
from services.registry.use_cases.standing_households import standing_households
from shared.storage.database import RowScope, Transaction
from tests.services.registry.changing import (
    BODIES,
    ON,
    a_declaration,
    a_member,
    a_new_household,
    a_newborn,
    declared,
    faults,
    members,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_household, a_person, an_idcs
from tests.services.registry.partners import reported
from tests.services.registry.waiting import until_waiting


async def test_two_declarations_about_one_household_take_effect_one_after_the_other(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    async with asyncio.TaskGroup() as group:
        for number in (2, 3):
            body = a_declaration("departure", household_id=str(first), person=an_idcs(number))
            group.create_task(declared(registry, body))
    assert await members(registry, first) == {"1": "head"}
    assert await registry.databases.value("SELECT max(version) FROM household") == 3


async def test_a_person_cannot_join_two_households_at_once(registry: Registry) -> None:
    await on_file(registry)
    registration = a_declaration("registration", household=a_new_household(a_member(5)))
    outcomes: list[str] = []

    async def register() -> None:
        try:
            await declared(registry, registration)
            outcomes.append("recorded")
        except (DeclarationConflictError, DeclarationRefusedError) as error:
            outcomes.append(error.code)

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(register())
    assert outcomes.count("recorded") == 1
    assert await registry.databases.value("SELECT count(*) FROM household") == 3


async def test_a_file_that_moves_somebody_meets_a_declaration_about_them(
    registry: Registry,
) -> None:
    _, second = await on_file(registry)
    moved = a_household(2, [4], commune=RABAT, declared_on="2026-11-19")
    await registry.receive(a_file(moved), key="a move")
    review = a_declaration("review", household_id=str(second))
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # The file waits here: it has written of the household, and has yet to move its member.
        await tx.execute("LOCK TABLE household_version IN SHARE MODE")
        importing = group.create_task(ImportApplier(registry.worker).apply_next_blocks())
        await until_waiting(registry, importing, sessions=1)
        declaring = group.create_task(declared(registry, review))
        # And the declaration here: it holds the member, and wants the household.
        await until_waiting(registry, declaring, sessions=2)
    versions = await registry.databases.rows(
        "SELECT commune_code FROM household_version WHERE household_id = %(id)s"
        " ORDER BY version OFFSET 1",
        id=second,
    )
    assert len(versions) == 2
    assert versions[1]["commune_code"] == RABAT
    assert (
        await registry.databases.value(
            "SELECT commune_code FROM person WHERE person_id = %(id)s",
            id=await person_id_of(registry, 4),
        )
        == RABAT
    )


@pytest.mark.parametrize("file_first", [True, False], ids=["file", "registration"])
async def test_a_file_and_a_registration_that_house_the_same_people_follow_each_other(
    registry: Registry, *, file_first: bool
) -> None:
    await on_file(registry)
    await registry.load(a_file(*(a_person(number) for number in (6, 7, 8))), key="nowhere")
    # Each names them in another order.
    job = await registry.receive(a_file(a_household(3, [6, 8, 7])), key="a home")
    founded = a_new_household(*(a_member(number) for number in (7, 8, 6)))
    registration = a_declaration("registration", household=founded)

    async def register() -> str:
        try:
            await declared(registry, registration)
        except DeclarationConflictError as error:
            return error.code
        return "recorded"

    importing = ImportApplier(registry.worker).apply_next_blocks()
    verbs = (importing, register()) if file_first else (register(), importing)
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # Whoever comes first has housed some of them when it waits here for this one.
        held = {"id": await person_id_of(registry, 8)}
        await tx.execute("INSERT INTO residence VALUES (%(id)s, %(id)s, '01')", held)
        tasks = []
        for sessions, verb in enumerate(verbs, start=1):
            tasks.append(group.create_task(verb))
            await until_waiting(registry, tasks[-1], sessions=sessions)
        await tx.execute("DELETE FROM residence WHERE person_id = %(id)s", held)
    registered = tasks[1 if file_first else 0].result()
    assert registered == ("registry.declaration-conflict" if file_first else "recorded")
    rejects = [] if file_first else ["registry.member-elsewhere"]
    assert sorted({code for _, _, code in await registry.rejects(job)}) == rejects
    homes = "SELECT count(DISTINCT household_id) FROM residence WHERE person_id = ANY(%(ids)s)"
    ids = [await person_id_of(registry, number) for number in (6, 7, 8)]
    assert await registry.databases.value(homes, ids=ids) == 1


async def test_a_fact_is_told_of_somebody_whom_a_file_moves_meanwhile(registry: Registry) -> None:
    first, second = await on_file(registry)
    homes = [a_household(1, [1, 3]), a_household(2, [4, 2])]
    moved = [home | {"declared_on": "2026-11-19"} for home in homes]
    await registry.receive(a_file(*moved), key="a move")
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # The file waits here: it has announced both households, without what is reported now.
        await tx.execute("LOCK TABLE residence IN SHARE MODE")
        importing = group.create_task(ImportApplier(registry.worker).apply_next_blocks())
        await until_waiting(registry, importing, sessions=1)
        employed = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)
        await reported(registry, Report(Identifier(an_idcs(2)), employed))
        # And the worker for the household that the person is about to leave.
        announcing = group.create_task(announce_attested(registry.worker))
        await until_waiting(registry, announcing, sessions=2)
    assert await announce_attested(registry.worker)
    assert not await announce_attested(registry.worker)
    versions = "SELECT version FROM household WHERE household_id = %(id)s"
    assert await registry.databases.value(versions, id=first) == 2
    assert await registry.databases.value(versions, id=second) == 3


async def test_a_deceased_who_lives_elsewhere_by_now_stays_due(registry: Registry) -> None:
    first, second = await on_file(registry)
    await registry.load(a_file(a_person(2, status="deceased")), key="a death")
    dead = await person_id_of(registry, 2)
    async with registry.worker.database.transaction() as tx:
        assert await take_deceased(tx, [dead], homes=[second]) == {}
        assert await take_deceased(tx, [dead], homes=[first, second]) == {
            dead: registry.clock.today()
        }


async def test_a_reference_is_held_even_if_no_household_is_named(registry: Registry) -> None:
    await on_file(registry)
    using = registry.api
    async with using.database.transaction(RowScope.everything()) as tx:
        named = await standing_households(tx, [], references=["RSU-00000002"], using=using)
        assert named == {}
        async with registry.databases.owner.transaction(RowScope.everything()) as other:
            cursor = await other.execute(
                "SELECT reference_blind FROM household FOR NO KEY UPDATE SKIP LOCKED"
            )
            free = [bytes(row["reference_blind"]) for row in await cursor.fetchall()]
    assert free == [using.sealed.blind(REFERENCE_FIELD, "RSU-00000001")]


async def test_a_birth_meets_a_declaration_about_the_mother_and_a_child_of_that_number(
    registry: Registry,
) -> None:
    _, second = await on_file(registry)
    people = [a_person(7), a_person(6, birth_date=ON, cnie=None, phones=[])]
    home = a_household(3, [7, 6])
    await registry.load(a_file(*people, home), key="a mother and her child")
    # It says something else of the child, and so writes it down before it is refused.
    birth = a_declaration(
        "birth",
        household_id=str(second),
        newborn=a_newborn(6, birth_commune=RABAT),
        member={"health_cover": "none"},
        mother=an_idcs(7),
    )
    third = await registry.databases.value(
        "SELECT household_id FROM residence WHERE person_id = %(id)s",
        id=await person_id_of(registry, 7),
    )
    review = a_declaration("review", household_id=str(third))
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # The birth waits here: it has written of the child, and has yet to name the mother.
        await tx.execute("LOCK TABLE person_version IN SHARE MODE")
        bearing = group.create_task(faults(registry, birth))
        await until_waiting(registry, bearing, sessions=1)
        reviewing = group.create_task(declared(registry, review))
        await until_waiting(registry, reviewing, sessions=2)
    assert bearing.result() == [("newborn.idcs", "registry.idcs-duplicate")]
    assert reviewing.result().declaration.verb == "review"


@pytest.mark.parametrize("birth_first", [True, False], ids=["birth", "guardianship"])
async def test_a_birth_and_a_guardianship_never_make_two_mothers(
    registry: Registry, *, birth_first: bool
) -> None:
    first, _ = await on_file(registry)
    child = a_newborn(6) | {"type": "person", "cnie": None, "phones": [], "status": "active"}
    await registry.load(a_file(child, a_person(7)), key="told by the register")
    birth = a_declaration(
        "birth",
        household_id=str(first),
        newborn=a_newborn(6),
        member={"health_cover": "none"},
        mother=an_idcs(1),
    )
    made = declaration_made(BODIES.validate_python(birth))
    declarer = Declarer("a-registrar", "registration", ("*",))
    held = GuardianMade(await person_id_of(registry, 6), date(2026, 11, 18), "birth_certificate")

    async def bear(tx: Transaction) -> None:
        await declare(tx, made, declarer=declarer, using=registry.api)

    async def guard(tx: Transaction) -> None:
        named = {"guardian": an_idcs(7), "relation": "mother"}
        await record_guardianship(tx, held, **named, declarer=declarer, using=registry.api)

    async def second(verb: Callable[[Transaction], Awaitable[None]]) -> list[str]:
        try:
            async with registry.api.database.transaction(RowScope.everything()) as tx:
                await verb(tx)
        except DeclarationRefusedError as error:
            return [code for _, code in error.faults]
        return []

    earlier, later = (bear, guard) if birth_first else (guard, bear)
    async with (
        asyncio.TaskGroup() as group,
        registry.api.database.transaction(RowScope.everything()) as tx,
    ):
        await earlier(tx)
        following = group.create_task(second(later))
        # The one has not been committed when the other asks who is the mother.
        await until_waiting(registry, following, sessions=1)
    assert following.result() == ["registry.parent-other"]
    mothers = "SELECT count(*) FROM guardianship WHERE relation = 'mother'"
    assert await registry.databases.value(mothers) == 1


@pytest.mark.parametrize("work", [announce_attested, release_deceased])
async def test_two_workers_do_what_is_due_once(
    registry: Registry, work: Callable[[Collaborators], Coroutine[Any, Any, bool]]
) -> None:
    first, _ = await on_file(registry)
    if work is announce_attested:
        employed = ReportedFact("cnss", "activity", "employee", date(2026, 1, 1), None)
        await reported(registry, Report(Identifier(an_idcs(2)), employed))
    else:
        await registry.load(a_file(a_person(2, status="deceased")), key="a death")
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        await tx.execute("LOCK TABLE household_version IN SHARE MODE")
        workers = [group.create_task(work(registry.worker)) for _ in range(2)]
        await until_waiting(registry, workers[0], sessions=2)
    assert not await work(registry.worker)
    assert (
        await registry.databases.value(
            "SELECT version FROM household WHERE household_id = %(id)s", id=first
        )
        == 2
    )
