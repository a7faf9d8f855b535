"""Read the counts and sums of what stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.eligibility.storage.statistics import (
    OutcomeCount,
    count_households,
    count_outcomes,
)
from services.eligibility.use_cases.collaborators import Collaborators
from shared.storage.database import RowScope


@dataclass(frozen=True, slots=True)
class Statistics:
    """What stands at `as_of`, as far as the caller may see; amounts are monthly centimes."""

    households: int
    indexes: int
    outcomes: Sequence[OutcomeCount]
    as_of: datetime


async def read_statistics(*, scope: RowScope, collaborators: Collaborators) -> Statistics:
    """Return the statistics of the caller's regions and programmes."""
    async with collaborators.database.transaction(scope) as tx:
        households, indexes = await count_households(tx)
        outcomes = await count_outcomes(tx)
    return Statistics(households, indexes, outcomes, collaborators.clock.now())
