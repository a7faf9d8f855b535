"""A transaction keeps all or nothing, whether it waits for each statement or not."""

from typing import Any

import pytest
from psycopg import Error

from shared.runtime.ids import new_id
from shared.storage.database import Database, RowScope, Transaction
from shared.testing.databases import ServiceDatabases

ADD = (
    "INSERT INTO thing (thing_id, version, region_code, programme, note)"
    " VALUES (%(thing_id)s, 1, '01', 'asd', 'a')"
)
EVERYTHING = RowScope.everything()
BOTH = pytest.mark.parametrize("pipelined", [False, True])


class Broken(Exception):  # noqa: N818 -- not an error of the code
    """Something went wrong in the middle."""


async def add_thing(tx: Transaction, **stated: Any) -> None:  # noqa: ANN401 -- any value
    """Add a thing, waiting for no result."""
    await tx.execute(ADD, {"thing_id": new_id()} | stated)


async def seen(tx: Transaction) -> int:
    """Return how many things a transaction sees."""
    cursor = await tx.execute("SELECT count(*) AS seen FROM thing")
    (row,) = await cursor.fetchall()
    return int(row["seen"])


async def things_kept(database: Database) -> int:
    """Return how many things another transaction sees."""
    async with database.transaction(EVERYTHING) as tx:
        return await seen(tx)


@BOTH
async def test_what_was_done_is_kept(things: ServiceDatabases, *, pipelined: bool) -> None:
    async with things.api.transaction(EVERYTHING, pipelined=pipelined) as tx:
        await add_thing(tx)
        first = await seen(tx)
        await add_thing(tx)
    assert (first, await things_kept(things.api)) == (1, 2)


@BOTH
async def test_nothing_is_kept_if_the_caller_fails(
    things: ServiceDatabases, *, pipelined: bool
) -> None:
    with pytest.raises(Broken):
        async with things.api.transaction(EVERYTHING, pipelined=pipelined) as tx:
            await add_thing(tx)
            raise Broken
    assert await things_kept(things.api) == 0


@BOTH
async def test_nothing_is_kept_if_a_statement_fails(
    things: ServiceDatabases, *, pipelined: bool
) -> None:
    with pytest.raises(Error):
        async with things.api.transaction(EVERYTHING, pipelined=pipelined) as tx:
            await add_thing(tx)
            await add_thing(tx, thing_id=None)
    assert await things_kept(things.api) == 0


async def test_the_next_transaction_finds_nothing_of_one_that_failed(
    things: ServiceDatabases,
) -> None:
    one_connection = Database(things.urls.api, pool_max=1)
    await one_connection.open()
    with pytest.raises(Error):
        async with one_connection.transaction(EVERYTHING, pipelined=True) as tx:
            await add_thing(tx, thing_id=None)
    async with one_connection.transaction(EVERYTHING, pipelined=True) as tx:
        await add_thing(tx)
    assert await things_kept(one_connection) == 1
    await one_connection.close()


async def test_a_snapshot_shows_to_its_end_what_it_showed_at_first(
    things: ServiceDatabases,
) -> None:
    async with things.api.snapshot(EVERYTHING) as tx:
        before = await seen(tx)
        async with things.api.transaction(EVERYTHING) as other:
            await add_thing(other)
        assert (before, await seen(tx)) == (0, 0)
        await add_thing(tx)
    assert await things_kept(things.api) == 2


async def test_a_transaction_after_a_snapshot_sees_what_others_keep_meanwhile(
    things: ServiceDatabases,
) -> None:
    async with things.api.snapshot(EVERYTHING) as tx:
        await seen(tx)
    async with things.api.transaction(EVERYTHING) as tx:
        before = await seen(tx)
        async with things.api.transaction(EVERYTHING) as other:
            await add_thing(other)
        assert (before, await seen(tx)) == (0, 1)


async def test_a_snapshot_hides_what_its_scope_does_not_name(things: ServiceDatabases) -> None:
    async with things.api.transaction(EVERYTHING) as tx:
        await add_thing(tx)
    for region, expected in (("01", 1), ("02", 0)):
        async with things.api.snapshot(RowScope((region,), ("*",))) as tx:
            assert await seen(tx) == expected
