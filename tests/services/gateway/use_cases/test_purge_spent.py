from datetime import timedelta

from services.gateway.domain.assertions import Assertion
from services.gateway.storage.assertions import spend_assertion
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.purge_spent import purge_spent_assertions
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock


async def test_an_assertion_is_forgotten_only_once_it_could_not_be_replayed(
    worker: Collaborators, database: ServiceDatabases, clock: FixedClock
) -> None:
    ends = clock.now() + timedelta(minutes=5)
    async with worker.database.transaction() as tx:
        assert await spend_assertion(tx, Assertion("c", "1", ends))
        assert not await spend_assertion(tx, Assertion("c", "1", ends))
    clock.move(timedelta(minutes=5) - timedelta(microseconds=1))
    assert not await purge_spent_assertions(collaborators=worker)
    assert await database.value("SELECT count(*) FROM assertion_jti") == 1
    clock.move(timedelta(microseconds=1))
    assert not await purge_spent_assertions(collaborators=worker)
    assert await database.value("SELECT count(*) FROM assertion_jti") == 0
