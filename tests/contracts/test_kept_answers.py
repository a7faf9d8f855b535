"""No service keeps answers for repeated requests for ever: its worker may forget them."""

import pytest

from shared.storage.kept_answers import forget_answers
from shared.testing.databases import DatabaseFactory
from tests.contracts.house import SERVICES


@pytest.mark.parametrize("service", SERVICES)
async def test_a_worker_may_forget_old_answers(service: str, databases: DatabaseFactory) -> None:
    made = await databases.make(service)
    async with made.api.transaction() as tx:
        await tx.execute(
            "INSERT INTO idempotency_key (client, key, fingerprint, created_at)"
            " VALUES ('a-client', 'old', 'x', now() - interval '3 days')"
        )
    await forget_answers(made.worker, hours=48)
    assert await made.value("SELECT count(*) FROM idempotency_key") == 0
