"""Spend of a partner's daily quota, in slices that each process sets aside for itself."""

from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import ClassVar

from services.registry.domain.policies import PartnerPolicy
from services.registry.storage.quotas import reserve
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.clock import CASABLANCA, Clock

SLICES_A_DAY = 200
SLICE_MAX = 5_000


class QuotaSpentError(DomainError):
    """The client has asked about as many persons today as its policy allows."""

    code: ClassVar[str] = "registry.quota-spent"
    kind: ClassVar[ErrorKind] = ErrorKind.LIMITED


async def spend_quota(policy: PartnerPolicy, count: int, *, using: Collaborators) -> None:
    """Take `count` questions off the client's quota of the day in Casablanca.

    What a process set aside and did not spend by midnight is lost: at most a two-hundredth of the
    quota for each process. What it set aside under a quota that was larger goes back first: more of
    the day is spent only while all that is set aside is within the quota in force.

    Raises:
        QuotaSpentError: So many are not left; the caller may come back after midnight.
    """
    client, day, quota = policy.client, using.clock.today(), policy.quota_per_day
    given_back = using.quotas.give_up(client, day=day, quota=quota)
    left = using.quotas.left(client, day=day, quota=quota)
    if left < count or given_back:
        slice_ = min(SLICE_MAX, quota // SLICES_A_DAY)
        async with using.database.transaction() as tx:
            granted = await reserve(
                tx,
                client,
                day=day,
                wanted=max(count - left, slice_),
                quota=quota,
                given_back=given_back,
            )
        using.quotas.add(client, day=day, count=granted, quota=quota)
        # Others may have spent of it meanwhile.
        left = using.quotas.left(client, day=day, quota=quota)
    if left < count:
        message = "The quota of this client is spent for today."
        error = QuotaSpentError(message)
        error.retry_after_seconds = _seconds_to_midnight(using.clock)
        raise error
    using.quotas.add(client, day=day, count=-count, quota=quota)


def give_back_quota(policy: PartnerPolicy, count: int, *, day: date, using: Collaborators) -> None:
    """Put back `count` questions that were spent and never asked; after their day they are lost."""
    if using.clock.today() == day:
        using.quotas.add(policy.client, day=day, count=count, quota=policy.quota_per_day)


def _seconds_to_midnight(clock: Clock) -> int:
    tomorrow = clock.today() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time_of_day.min, tzinfo=CASABLANCA)
    return max(1, round((midnight - clock.now()).total_seconds()))
