"""Quotas of a day: kept by all replicas together, without a write for every question."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.registry.domain.policies import PartnerPolicy
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.known_quotas import KnownQuotas
from services.registry.use_cases.spend_quota import QuotaSpentError, spend_quota
from tests.services.registry.conftest import Registry
from tests.services.registry.partners import HOSPITAL, a_policy


def a_replica(registry: Registry) -> Collaborators:
    """Return another process on the same database."""
    return replace(registry.api, quotas=KnownQuotas())


async def reserved(registry: Registry) -> int:
    """Return how much of the hospital's day is set aside."""
    count: int = await registry.databases.value(
        "SELECT coalesce(sum(reserved), 0) FROM partner_quota WHERE client = %(client)s",
        client=HOSPITAL,
    )
    return count


async def spend_all(policy: PartnerPolicy, replicas: Sequence[Collaborators], *, turns: int) -> int:
    """Ask that often, at one replica after the other; return how often it was allowed."""
    spent = 0
    for turn in range(turns):
        try:
            await spend_quota(policy, 1, using=replicas[turn % len(replicas)])
        except QuotaSpentError:
            continue
        spent += 1
    return spent


async def test_a_day_ends_where_the_policy_says(registry: Registry) -> None:
    policy = a_policy(quota_per_day=3)
    for _ in range(3):
        await spend_quota(policy, 1, using=registry.api)
    with pytest.raises(QuotaSpentError) as refused:
        await spend_quota(policy, 1, using=registry.api)
    # A Friday morning at ten in Casablanca.
    assert refused.value.retry_after_seconds == 14 * 3600
    registry.clock.move(timedelta(hours=14))
    await spend_quota(policy, 3, using=registry.api)


async def test_replicas_never_spend_more_than_the_quota_together(registry: Registry) -> None:
    policy = a_policy(quota_per_day=5)
    replicas = [registry.api, a_replica(registry)]
    assert await spend_all(policy, replicas, turns=10) == 5
    assert await reserved(registry) == 5


async def test_a_large_quota_is_set_aside_in_slices(registry: Registry) -> None:
    policy = a_policy(quota_per_day=20_000)
    for _ in range(150):
        await spend_quota(policy, 1, using=registry.api)
    assert await reserved(registry) == 200


async def test_a_batch_that_is_larger_than_what_is_left_is_refused(registry: Registry) -> None:
    policy = a_policy(quota_per_day=10)
    await spend_quota(policy, 4, using=registry.api)
    with pytest.raises(QuotaSpentError):
        await spend_quota(policy, 7, using=registry.api)
    await spend_quota(policy, 6, using=registry.api)


async def test_a_lowered_quota_bounds_what_was_set_aside_under_the_one_before(
    registry: Registry,
) -> None:
    before, lowered = a_policy(quota_per_day=20_000), a_policy(quota_per_day=150)
    replicas = [registry.api, a_replica(registry)]
    for replica in replicas:
        await spend_quota(before, 40, using=replica)
    assert await reserved(registry) == 200
    spent = await spend_all(lowered, replicas, turns=200)
    assert 80 + spent <= 150
    # The second gave back what it no longer trusted, so that the first may spend it.
    assert 80 + spent + await spend_all(lowered, replicas, turns=200) == 150
    with pytest.raises(QuotaSpentError):
        await spend_quota(a_policy(quota_per_day=0), 1, using=registry.api)
    await spend_quota(a_policy(quota_per_day=151), 1, using=registry.api)


async def test_a_quota_lowered_under_what_is_spent_lets_nothing_pass(registry: Registry) -> None:
    await spend_quota(a_policy(quota_per_day=20_000), 40, using=registry.api)
    with pytest.raises(QuotaSpentError):
        await spend_quota(a_policy(quota_per_day=40), 1, using=registry.api)
    assert await reserved(registry) == 40


async def test_questions_at_one_moment_give_a_slice_back_once(registry: Registry) -> None:
    await spend_quota(a_policy(quota_per_day=20_000), 40, using=registry.api)
    lowered = a_policy(quota_per_day=60)
    async with asyncio.TaskGroup() as group:
        spenders = [
            group.create_task(spend_all(lowered, [registry.api], turns=1)) for _ in range(30)
        ]
    assert sum(spender.result() for spender in spenders) == 20
    assert await reserved(registry) == 60


async def test_a_quota_of_nothing_lets_nothing_pass(registry: Registry) -> None:
    with pytest.raises(QuotaSpentError):
        await spend_quota(a_policy(quota_per_day=0), 1, using=registry.api)
