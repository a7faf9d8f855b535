"""Answers kept for repeated requests: as long as agreed, and no longer."""

from pathlib import Path

from shared.messaging.in_process import InProcessBroker
from shared.storage.kept_answers import FORGOTTEN_AT_ONCE_MAX, forget_answers
from shared.testing.broker_contract import eventually
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys, platform_for_tests
from shared.testing.tokens import Issuer
from shared.web.platform import Worker
from shared.web.working import Employment, at_work


async def keep(things: ServiceDatabases, *, hours: int, count: int = 1) -> None:
    """Keep answers as if they had been given some hours ago."""
    async with things.api.transaction() as tx:
        await tx.execute(
            "INSERT INTO idempotency_key (client, key, fingerprint, created_at)"
            " SELECT 'a-client', %(hours)s || '-' || number, 'x',"
            " now() - make_interval(hours => %(hours)s)"
            " FROM generate_series(1, %(count)s) AS number",
            {"hours": hours, "count": count},
        )


async def kept(things: ServiceDatabases) -> int:
    """Return how many answers are kept."""
    count: int = await things.value("SELECT count(*) FROM idempotency_key")
    return count


async def test_answers_are_forgotten_by_age_and_not_before(things: ServiceDatabases) -> None:
    for hours in (47, 49, 500):
        await keep(things, hours=hours)
    assert not await forget_answers(things.worker, hours=48)
    assert await kept(things) == 1
    await forget_answers(things.worker, hours=47)
    assert await kept(things) == 0


async def test_many_old_answers_are_forgotten_part_by_part(things: ServiceDatabases) -> None:
    await keep(things, hours=49, count=FORGOTTEN_AT_ONCE_MAX + 1)
    assert await forget_answers(things.worker, hours=48)
    assert await kept(things) == 1
    assert not await forget_answers(things.worker, hours=48)
    assert await kept(things) == 0


async def test_every_worker_forgets_old_answers(
    things: ServiceDatabases,
    broker: InProcessBroker,
    clock: FixedClock,
    tmp_path: Path,
    issuer: Issuer,
) -> None:
    make_test_keys(tmp_path, "things")
    platform = platform_for_tests(
        "things", things.worker, clock=clock, keys=tmp_path, verifier=issuer.verifier()
    )
    for hours in (47, 49):
        await keep(things, hours=hours)

    async def is_forgotten() -> bool:
        return await kept(things) == 1

    async with at_work([Employment(Worker("things"), platform)], broker):
        await eventually(is_forgotten)
