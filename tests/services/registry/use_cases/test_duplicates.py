"""Searching for records made twice: proposed with evidence, reviewed by people, never merged."""

import asyncio
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import pytest

from services.registry.storage import duplicates as storage
from services.registry.storage.duplicate_reviews import Verdict
from services.registry.use_cases.find_duplicates import (
    LEASE,
    find_next_duplicates,
    read_duplicate_search,
    request_duplicate_search,
)
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.review_duplicates import (
    AlreadyReviewedError,
    ProposalList,
    ProposalNotFoundError,
    compare_duplicate,
    list_duplicates,
    review_duplicate,
)
from shared.storage.database import RowScope
from shared.storage.leases import acquire_lease
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_household, a_person
from tests.services.registry.waiting import POLL_SECONDS, WAIT_SECONDS_MAX

EVERYWHERE = LookUp("a-registrar", "registration", RowScope.everything())
TANGIER_ONLY = LookUp("a-registrar", "registration", RowScope(("01",), ("*",)))
ALL = ProposalList("persons", "proposed", limit=50)


async def search(registry: Registry, kind: Literal["persons", "households"] = "persons") -> int:
    """Search the whole registry and return how many pairs are new."""
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        asked = await request_duplicate_search(
            tx, kind, requested_by="a-registrar", using=registry.api
        )
    while await find_next_duplicates(registry.worker):
        pass
    done = await read_duplicate_search(asked.search_id, using=registry.api)
    assert (done.state, done.chunks_done) == ("completed", done.chunks_total)
    return done.proposed


async def ids(registry: Registry) -> list[UUID]:
    """Return everybody, in the order of registration."""
    rows = await registry.databases.rows("SELECT person_id FROM person ORDER BY person_id")
    return [row["person_id"] for row in rows]


def double(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a second record of the first person, without a document."""
    return a_person(number, cnie=None, phones=[], **changes)


async def test_a_pair_of_which_one_moves_away_meanwhile_is_compared_whole(
    registry: Registry,
) -> None:
    await registry.load(a_file(a_person(1), double(2)), key="k")
    await search(registry)
    (pair,) = await list_duplicates(ALL, TANGIER_ONLY, using=registry.api)
    away = "SET region_code = '04' WHERE person_id = %(id)s"
    async with (
        asyncio.TaskGroup() as group,
        registry.databases.owner.transaction(RowScope.everything()) as tx,
    ):
        # The comparison waits here, between the pair and its persons.
        await tx.execute("LOCK TABLE residence IN ACCESS EXCLUSIVE MODE")
        comparing = group.create_task(
            compare_duplicate(pair.proposal_id, TANGIER_ONLY, using=registry.api)
        )
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while not await registry.databases.rows(  # noqa: ASYNC110 -- locks have no event
                "SELECT FROM pg_locks WHERE relation = 'residence'::regclass AND NOT granted"
            ):
                await asyncio.sleep(POLL_SECONDS)
        for table in ("person", "person_version"):
            await tx.execute(f"UPDATE {table} {away}", {"id": pair.second_id})
    compared = comparing.result()
    assert [one.version.person_id for one in compared.persons] == [pair.first_id, pair.second_id]


async def test_a_person_recorded_twice_is_proposed_with_what_speaks_for_it(
    registry: Registry,
) -> None:
    misspelt = {"given": "Zhara", "family": "EL BAHRI"}
    await registry.load(
        a_file(
            a_person(1),
            double(2, name_latin=misspelt, birth_date="1990-04-12"),
            a_person(3, birth_date="1951-10-30"),
            a_person(4, name_ar={"given": "كريمة", "family": "البحري"},
                     name_latin={"given": "Karima", "family": "EL BAHRI"}),
        ),
        key="k",
    )  # fmt: skip
    assert await search(registry) == 1
    (proposal,) = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    assert [proposal.first_id, proposal.second_id] == (await ids(registry))[:2]
    assert set(proposal.evidence) == {
        "given-name-same",
        "family-name-same",
        "birth-date-year-apart",
        "commune-same",
    }
    assert await registry.databases.value("SELECT count(*) FROM person") == 4


async def test_a_second_search_proposes_nothing_twice_and_nothing_settled(
    registry: Registry,
) -> None:
    await registry.load(a_file(a_person(1), double(2), double(3)), key="k")
    assert await search(registry) == 3
    assert await search(registry) == 0
    first, *others = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        verdict = Verdict("dismissed", "homonyms", "a-registrar")
        settled = await review_duplicate(
            tx, first.proposal_id, verdict, EVERYWHERE, using=registry.api
        )
    assert (settled.state, settled.reviewed_by) == ("dismissed", "a-registrar")
    assert await search(registry) == 0
    left = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    assert [one.proposal_id for one in left] == [one.proposal_id for one in others]
    with pytest.raises(AlreadyReviewedError):
        async with registry.api.database.transaction(RowScope.everything()) as tx:
            await review_duplicate(tx, first.proposal_id, verdict, EVERYWHERE, using=registry.api)


async def test_homonyms_with_two_documents_and_twins_are_left_alone(registry: Registry) -> None:
    hassan = {"name_ar": {"given": "حسن", "family": "التازي"},
              "name_latin": {"given": "Hassan", "family": "TAZI"}, "sex": "M"}  # fmt: skip
    hussein = {"name_ar": {"given": "حسين", "family": "التازي"},
               "name_latin": {"given": "Houcine", "family": "TAZI"}, "sex": "M"}  # fmt: skip
    await registry.load(
        a_file(
            a_person(1),
            a_person(2, cnie="ZT987654"),
            double(3, **hassan),
            double(4, **hussein),
            a_household(1, [1, 3, 4]),
        ),
        key="k",
    )
    assert await search(registry) == 0


async def test_one_document_on_two_records_is_found_whatever_the_birth(registry: Registry) -> None:
    await registry.load(
        a_file(a_person(1, cnie="AB77"), a_person(2, cnie="AB77", birth_date="1961-07-30")),
        key="k",
    )
    assert await search(registry) == 1
    (proposal,) = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    assert "document-same" in proposal.evidence


async def test_a_household_declared_twice_is_proposed(registry: Registry) -> None:
    await registry.load(
        a_file(
            a_person(1, sex="M"),
            a_person(2, name_latin={"given": "Amal", "family": "TAZI"}),
            a_household(1, [1]),
            a_household(2, [2]),
            a_person(3, sex="M"),
            a_household(3, [3], commune=RABAT),
        ),
        key="k",
    )
    assert await search(registry, "households") == 1
    wanted = ProposalList("households", "proposed", limit=50)
    (proposal,) = await list_duplicates(wanted, EVERYWHERE, using=registry.api)
    assert {"facts-same", "commune-same", "heads-may-be-spouses"} <= set(proposal.evidence)


async def test_both_sides_of_a_pair_are_read_side_by_side_and_logged(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), double(2)), key="k")
    await search(registry)
    (proposal,) = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    pair = await compare_duplicate(proposal.proposal_id, EVERYWHERE, using=registry.api)
    assert [one.version.person_id for one in pair.persons] == await ids(registry)
    assert {one.name_latin.given for one in pair.persons} == {"Zahra"}
    logged = await registry.databases.rows("SELECT person_id, attributes FROM access_log")
    assert [row["person_id"] for row in logged if "name_ar" in row["attributes"]] == await ids(
        registry
    )
    assert len(logged) == 4


async def test_a_pair_is_shown_to_who_may_see_both_regions_only(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_person(2, commune=RABAT, cnie="AB100001")), key="k")
    assert await search(registry) == 1
    (proposal,) = await list_duplicates(ALL, EVERYWHERE, using=registry.api)
    assert await list_duplicates(ALL, TANGIER_ONLY, using=registry.api) == []
    with pytest.raises(ProposalNotFoundError):
        await compare_duplicate(proposal.proposal_id, TANGIER_ONLY, using=registry.api)
    with pytest.raises(ProposalNotFoundError):
        async with registry.api.database.transaction(TANGIER_ONLY.scope) as tx:
            verdict = Verdict("confirmed", "twins", "a-registrar")
            await review_duplicate(
                tx, proposal.proposal_id, verdict, TANGIER_ONLY, using=registry.api
            )


async def test_one_worker_searches_at_a_time(registry: Registry) -> None:
    await registry.load(a_file(a_person(1)), key="k")
    async with registry.worker.database.transaction() as tx:
        await request_duplicate_search(tx, "persons", requested_by="x", using=registry.worker)
        await acquire_lease(tx, LEASE, owner="another", seconds=60)
    assert not await find_next_duplicates(registry.worker)


async def test_a_search_in_an_empty_registry_completes(registry: Registry) -> None:
    registry.clock.move(timedelta(days=1))
    assert await search(registry) == 0
    assert await search(registry, "households") == 0


@pytest.mark.parametrize("kind", ["persons", "households"])
async def test_a_key_that_too_many_share_compares_none_of_them(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, kind: Literal["persons", "households"]
) -> None:
    lines = [double(number, sex="M") for number in range(1, 5)]
    homes = [a_household(number, [number]) for number in range(1, 5)]
    elsewhere = [
        a_person(number, sex="M", birth_date="1961-07-30", cnie=None, phones=[], commune=RABAT)
        for number in (5, 6)
    ]
    homes += [a_household(number, [number], commune=RABAT) for number in (5, 6)]
    await registry.load(a_file(*lines, *elsewhere, *homes), key="k")
    monkeypatch.setattr(storage, "BLOCK_RECORDS_MAX", 3)
    monkeypatch.setattr(storage, "PAIRS_READ_AT_ONCE", 1)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        asked = await request_duplicate_search(tx, kind, requested_by="x", using=registry.api)
    while await find_next_duplicates(registry.worker):
        pass
    done = await read_duplicate_search(asked.search_id, using=registry.api)
    assert done.pairs_compared == 1
