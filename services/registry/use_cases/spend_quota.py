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
    quota for each process.

    Raises:
        QuotaSpentError: So many are not left; the caller may come back after midnight.
    """
    client, day = policy.client, using.clock.today()
    left = using.quotas.left(client, day=day)
    if left < count:
        slice_ = min(SLICE_MAX, policy.quota_per_day // SLICES_A_DAY)
        async with using.database.transaction() as tx:
            granted = await reserve(
                tx,
                client,
                day=day,
                wanted=max(count - left, slice_),
                quota=policy.quota_per_day,
            )
        using.quotas.add(client, day=day, count=granted)
        # Others may have spent of it meanwhile.
        left = using.quotas.left(client, day=day)
    if left < count:
        message = "The quota of this client is spent for today."
        error = QuotaSpentError(message)
        error.retry_after_seconds = _seconds_to_midnight(using.clock)
        raise error
    using.quotas.add(client, day=day, count=-count)


def give_back_quota(policy: PartnerPolicy, count: int, *, day: date, using: Collaborators) -> None:
    """Put back `count` questions that were spent and never asked; after their day they are lost."""
    if using.clock.today() == day:
        using.quotas.add(policy.client, day=day, count=count)


def _seconds_to_midnight(clock: Clock) -> int:
    tomorrow = clock.today() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time_of_day.min, tzinfo=CASABLANCA)
    return max(1, round((midnight - clock.now()).total_seconds()))
