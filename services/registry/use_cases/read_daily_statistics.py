"""Read how registration goes on from day to day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from services.registry.storage.statistics import read_registered_by_day
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.small_counts import Counts, hidden_among
from shared.storage.database import RowScope

DAYS_MAX = 366
DAYS_USUAL = 30


class PeriodInvalidError(DomainError):
    """The period ends before it begins, or is too long."""

    code: ClassVar[str] = "registry.period-invalid"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Persons and households registered on a day; None where that would tell about people."""

    day: date
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class DailyTable:
    """Every day of a period, and when they were counted."""

    days: Sequence[DayCounts]
    cell_min: int
    as_of: datetime


async def read_daily_statistics(
    first: date | None, last: date | None, *, scope: RowScope, using: Collaborators
) -> DailyTable:
    """Return how many were registered for the first time on each day, in the caller's regions.

    Args:
        first: The first day; 30 days up to the last one if it is not stated.
        last: The last day, today if it is not stated.
        scope: The caller's regions.
        using: The registry's means.

    Raises:
        PeriodInvalidError: The last day comes before the first, or more than `DAYS_MAX` days on.
    """
    until = last or using.clock.today()
    since = first or _days_before(until, DAYS_USUAL - 1)
    if not 0 <= (until - since).days < DAYS_MAX:
        message = f"A period ends after it begins, and has at most {DAYS_MAX} days."
        raise PeriodInvalidError(message)
    async with using.database.transaction(scope) as tx:
        counted = await read_registered_by_day(tx)
    hidden = _hidden(counted, cell_min=using.statistics_cell_min)
    days = [since + timedelta(days=ahead) for ahead in range((until - since).days + 1)]
    return DailyTable(
        [DayCounts(day, None if day in hidden else counted.get(day, (0, 0))) for day in days],
        using.statistics_cell_min,
        as_of=using.clock.now(),
    )


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))


def _hidden(counted: Mapping[date, Counts], *, cell_min: int) -> set[date]:
    """Return the days to hide, out of all there ever were: their total is shown elsewhere."""
    siblings = {day.isoformat(): counts for day, counts in counted.items()}
    return {date.fromisoformat(day) for day in hidden_among(siblings, cell_min=cell_min)}
