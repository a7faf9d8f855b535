"""The chain over the access log: final rows are sealed in their order, and every change is seen."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.errors import InsufficientPrivilege

from services.registry.domain.access_chain import Fault
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.use_cases.seal_access_log import (
    AccessLogSealer,
    TransactionsRunBehindError,
)
from services.registry.use_cases.verify_access_log import verify_database
from shared.runtime.ids import new_id
from shared.runtime.keys import WatchedKeyRing, activate_key, add_key
from shared.storage.database import RowScope, Transaction
from tests.services.registry.conftest import Registry

EVERYWHERE = RowScope.everything()


def an_access(registry: Registry, client: str = "a-hospital") -> Access:
    """Return the circumstances of a look-up, with characters that JSON must escape."""
    now = registry.clock.now()
    return Access(
        client, 'care "soins"\\\t\x7f', "verify", date(2026, 11, 20), now, now, ("name", "الاسم")
    )


def subjects(count: int = 1) -> list[Disclosed]:
    """Return as many persons of Tangier."""
    return [Disclosed(new_id(), "01", new_id()) for _ in range(count)]


async def log(registry: Registry, count: int = 1, client: str = "a-hospital") -> list[UUID]:
    """Log the disclosure of as many persons in one transaction; return the ids of the rows."""
    disclosed = subjects(count)
    async with registry.api.database.transaction(EVERYWHERE) as tx:
        await log_access(tx, an_access(registry, client), disclosed)
    return [subject.access_id for subject in disclosed]


@pytest.fixture
async def sealer(registry: Registry) -> AccessLogSealer:
    """Return a sealer of short blocks."""
    return AccessLogSealer(registry.worker, block_rows_max=3)


async def seal_all(sealer: AccessLogSealer) -> None:
    """Seal whatever is final."""
    while await sealer.seal_next_block():
        pass


async def as_owner(registry: Registry, statement: str, **parameters: object) -> None:
    """Do what nobody but the owner of the tables could."""
    async with registry.databases.owner.transaction() as tx:
        await tx.execute(statement.encode(), parameters)


async def test_what_was_logged_is_sealed_in_blocks_that_hold(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    await log(registry, 4)
    await log(registry, 1)
    await seal_all(sealer)
    blocks = await registry.databases.rows("SELECT number, rows FROM access_block ORDER BY number")
    assert [(block["number"], block["rows"]) for block in blocks] == [(1, 3), (2, 2)]
    verdict = await verify_database(using=registry.worker)
    assert (verdict.broken, verdict.blocks, verdict.rows) == (None, 2, 5)


async def test_nothing_new_makes_no_block(registry: Registry, sealer: AccessLogSealer) -> None:
    await log(registry)
    await seal_all(sealer)
    assert not await sealer.seal_next_block()
    assert await registry.databases.value("SELECT count(*) FROM access_block") == 1


async def test_a_row_waits_for_every_transaction_that_began_before_it(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    early, late = subjects(), subjects()
    async with registry.api.database.transaction(EVERYWHERE) as slow:
        await log_access(slow, an_access(registry), early)
        async with registry.worker.database.transaction(EVERYWHERE) as quick:
            await log_access(quick, an_access(registry), late)
        assert not await sealer.seal_next_block()
        assert await registry.databases.value("SELECT count(*) FROM access_block") == 0
    await seal_all(sealer)
    block = (await registry.databases.rows("SELECT rows, last_access_id FROM access_block"))[0]
    assert (block["rows"], block["last_access_id"]) == (2, late[0].access_id)


async def test_rows_that_wait_behind_a_long_transaction_are_measured(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    def waiting() -> float | None:
        return registry.worker.metrics.registry.get_sample_value(
            "sanad_registry_access_log_unsealed_seconds"
        )

    async with registry.api.database.transaction(EVERYWHERE) as slow:
        await log_access(slow, an_access(registry), subjects())
        await log(registry)
        registry.clock.move(timedelta(seconds=90))
        await sealer.seal_next_block()
        assert waiting() == 90
    await seal_all(sealer)
    assert waiting() == 0


async def test_whatever_many_writers_do_at_once_each_row_is_sealed_once(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    async def write(turns: Sequence[float]) -> None:
        for turn in turns:
            async with registry.api.database.transaction(EVERYWHERE) as tx:
                await log_access(tx, an_access(registry), subjects(2))
                await asyncio.sleep(turn)
                await log_access(tx, an_access(registry), subjects(1))

    async with asyncio.TaskGroup() as group:
        writers = [
            group.create_task(write([0.001 * ((writer * 7 + turn * 3) % 11) for turn in range(12)]))
            for writer in range(6)
        ]
        while not all(writer.done() for writer in writers):
            await sealer.seal_next_block()
            await asyncio.sleep(0.002)
    await seal_all(sealer)
    verdict = await verify_database(using=registry.worker)
    assert (verdict.broken, verdict.rows) == (None, 6 * 12 * 3)
    assert await registry.databases.value("SELECT count(*) FROM access_log") == verdict.rows


async def test_while_one_worker_seals_another_has_nothing_to_do(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    await log(registry)
    async with registry.worker.database.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(7236231004)")
        assert not await sealer.seal_next_block()
    assert await registry.databases.value("SELECT count(*) FROM access_block") == 0


@pytest.mark.parametrize(
    ("change", "fault", "row"),
    [
        ("UPDATE access_log SET client = 'nobody' WHERE access_id = %(second)s", "altered", 2),
        ("UPDATE access_log SET attributes = '{}' WHERE access_id = %(second)s", "altered", 2),
        ("UPDATE access_log SET person_id = %(other)s WHERE access_id = %(second)s", "altered", 2),
        ("DELETE FROM access_log WHERE access_id = %(second)s", "missing", 2),
        ("DELETE FROM access_log WHERE access_id = %(third)s", "missing", 3),
        (
            """
            INSERT INTO access_log
            SELECT access_id, accessed_at + interval '1 s', client, purpose, action, person_id,
                   household_id, region_code, valid_on, known_at, attributes, result, consent_id,
                   written_in
              FROM access_log WHERE access_id = %(first)s
            """,
            "inserted",
            2,
        ),
        (
            """
            UPDATE access_log SET accessed_at = accessed_at + interval '1 microsecond'
             WHERE access_id = %(first)s
            """,
            "altered",
            1,
        ),
    ],
)
async def test_the_first_bad_row_is_named(
    registry: Registry, sealer: AccessLogSealer, change: str, fault: str, row: int
) -> None:
    await log(registry, 3)
    first, second, third = await log(registry, 3)
    await log(registry, 3)
    await seal_all(sealer)
    await as_owner(registry, change, first=first, second=second, third=third, other=new_id())
    broken = (await verify_database(using=registry.worker)).broken
    assert broken is not None
    assert (broken.fault, broken.block, broken.row) == (f"row-{fault}", 2, row)
    if fault != "missing":
        assert broken.access_id in {first, second}


@pytest.mark.parametrize(
    ("change", "fault", "block"),
    [
        ("DELETE FROM access_block WHERE number = 2", Fault.BLOCK_MISSING, 2),
        ("UPDATE access_block SET sealed_at = 'epoch' WHERE number = 2", Fault.BLOCK_ALTERED, 2),
        ("UPDATE access_block SET previous_hash = hash WHERE number = 2", Fault.BLOCK_ALTERED, 2),
        (
            "UPDATE access_block SET signature = decode(repeat('00', 64), 'hex') WHERE number = 1",
            Fault.SIGNATURE_WRONG,
            1,
        ),
        ("UPDATE access_block SET key_id = 'k9' WHERE number = 3", Fault.BLOCK_ALTERED, 3),
    ],
)
async def test_a_tampered_block_is_named(
    registry: Registry, sealer: AccessLogSealer, change: str, fault: Fault, block: int
) -> None:
    for _ in range(3):
        await log(registry, 3)
    await seal_all(sealer)
    await as_owner(registry, change)
    broken = (await verify_database(using=registry.worker)).broken
    assert broken is not None
    assert (broken.fault, broken.block, broken.row) == (fault, block, None)


@pytest.mark.parametrize("place", [-5, 2**60])
async def test_a_row_that_no_transaction_wrote_is_named(
    registry: Registry, sealer: AccessLogSealer, place: int
) -> None:
    await log(registry, 2)
    await seal_all(sealer)
    forged = new_id()
    await as_owner(
        registry,
        "INSERT INTO access_log (access_id, accessed_at, client, purpose, action, attributes,"
        " result, person_id, region_code, valid_on, known_at, written_in)"
        " SELECT %(forged)s, accessed_at, 'forger', purpose, action, attributes, result,"
        " person_id, region_code, valid_on, known_at, %(place)s FROM access_log LIMIT 1",
        forged=forged,
        place=place,
    )
    found = (await verify_database(using=registry.worker)).broken
    assert found is not None
    assert (found.fault, found.access_id) == (Fault.ROW_INSERTED, forged)


async def test_a_chain_that_was_cut_short_is_known_by_the_head_somebody_kept(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    await log(registry, 3)
    await log(registry, 3)
    await seal_all(sealer)
    kept = (await verify_database(using=registry.worker)).head
    assert (await verify_database(using=registry.worker, expected_head=kept)).broken is None
    await as_owner(
        registry,
        "DELETE FROM access_log WHERE written_in = (SELECT max(written_in) FROM access_log)",
    )
    await as_owner(registry, "DELETE FROM access_block WHERE number = 2")
    assert (await verify_database(using=registry.worker)).broken is None
    broken = (await verify_database(using=registry.worker, expected_head=kept)).broken
    assert broken is not None
    assert broken.fault is Fault.CUT_SHORT


async def test_the_seal_rotates_and_old_blocks_still_hold(
    registry: Registry, sealer: AccessLogSealer, keys: Path
) -> None:
    folder = keys / "registry" / "access-seal"
    before = WatchedKeyRing(folder).ring.active_id
    await log(registry)
    await seal_all(sealer)
    activate_key(folder, add_key(folder))
    await log(registry)
    await seal_all(AccessLogSealer(registry.worker))
    ids = await registry.databases.rows("SELECT key_id FROM access_block ORDER BY number")
    assert ids[0]["key_id"] == before != ids[1]["key_id"]
    assert (await verify_database(using=registry.worker)).broken is None


@pytest.mark.parametrize("role", ["api", "worker"])
async def test_nobody_chooses_where_their_row_stands(registry: Registry, role: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with getattr(registry, role).database.transaction(EVERYWHERE) as tx:
            await _insert_at(tx, 5)


async def _insert_at(tx: Transaction, written_in: int) -> None:
    await tx.execute(
        "INSERT INTO access_log (access_id, accessed_at, client, purpose, action, attributes,"
        " result, person_id, region_code, valid_on, known_at, written_in)"
        " VALUES (%(id)s, '2026-11-20', 'c', 'p', 'a', '{}', 'r', %(id)s, '01', '2026-11-20',"
        " '2026-11-20', %(written_in)s)",
        {"id": new_id(), "written_in": written_in},
    )


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize("change", ["UPDATE access_block SET rows = 1", "DELETE FROM access_block"])
async def test_nobody_rewrites_the_chain(registry: Registry, role: str, change: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with getattr(registry, role).database.transaction(EVERYWHERE) as tx:
            await tx.execute(change)


async def test_what_answers_requests_cannot_seal(registry: Registry) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with registry.api.database.transaction(EVERYWHERE) as tx:
            await tx.execute(
                "INSERT INTO access_block SELECT 1, 1, %(id)s, 1, sha256(''), sha256(''),"
                " sha256(''), 'k1', '', '2026-11-20'",
                {"id": new_id()},
            )


async def test_a_database_restored_into_a_younger_server_is_not_sealed_wrongly(
    registry: Registry, sealer: AccessLogSealer
) -> None:
    await log(registry)
    await seal_all(sealer)
    await as_owner(registry, "UPDATE access_block SET last_written_in = 9000000000000000")
    await log(registry)
    with pytest.raises(TransactionsRunBehindError):
        await sealer.seal_next_block()
