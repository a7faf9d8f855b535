"""One owner at a time, and a token that grows with each new owner."""

from shared.runtime.ids import new_id
from shared.storage.leases import acquire_lease, end_leases, release_lease
from shared.storage.outbox import add_event, claim_events
from shared.testing.databases import ServiceDatabases


async def acquire(things: ServiceDatabases, owner: str, *, seconds: int = 60) -> int | None:
    """Try to take the lease of the tests."""
    async with things.worker.transaction() as tx:
        return await acquire_lease(tx, "job", owner=owner, seconds=seconds)


async def test_a_held_lease_is_refused_to_others_and_renewed_for_its_owner(
    things: ServiceDatabases,
) -> None:
    assert await acquire(things, "first") == 1
    assert await acquire(things, "second") is None
    assert await acquire(things, "first") == 1


async def test_an_expired_lease_goes_to_another_with_a_higher_token(
    things: ServiceDatabases,
) -> None:
    assert await acquire(things, "first", seconds=-1) == 1
    assert await acquire(things, "second") == 2
    assert await acquire(things, "first") is None


async def test_a_lease_given_back_can_be_taken_at_once(things: ServiceDatabases) -> None:
    await acquire(things, "first")
    async with things.worker.transaction() as tx:
        await release_lease(tx, "job", owner="first")
    assert await acquire(things, "second") == 2


async def test_where_nobody_can_be_at_work_everything_is_free_at_once(
    things: ServiceDatabases,
) -> None:
    assert await acquire(things, "killed") == 1
    async with things.worker.transaction() as tx:
        await add_event(tx, event_id=new_id(), event_type="things.made.v1", body=b"{}")
    (event,) = await claim_events(things.worker, limit=10)
    assert await claim_events(things.worker, limit=10) == []
    async with things.worker.transaction() as tx:
        await end_leases(tx, ())
    assert await acquire(things, "new") == 2
    assert await acquire(things, "killed") is None
    assert await claim_events(things.worker, limit=10) == [event]
