"""Read the counts and sums of what stands now."""

from dataclasses import dataclass
from datetime import datetime

from services.eligibility.domain.statistics import Counted, Shown, shown
from services.eligibility.storage.statistics import count_households, count_outcomes
from services.eligibility.use_cases.collaborators import Collaborators
from shared.storage.database import EVERYTHING, RowScope


@dataclass(frozen=True, slots=True)
class Statistics:
    """What stands at `as_of`, as far as the caller may see; amounts are monthly centimes."""

    shown: Shown
    cell_min: int
    as_of: datetime


async def read_statistics(*, scope: RowScope, collaborators: Collaborators) -> Statistics:
    """Return the statistics of the caller's regions and programmes, small counts hidden.

    What must be hidden depends on every region, whoever asks for some of them.
    """
    everywhere = RowScope((EVERYTHING,), scope.programmes)
    async with collaborators.database.snapshot(everywhere) as tx:
        counted = Counted(await count_households(tx), await count_outcomes(tx))
    cell_min = collaborators.statistics_cell_min
    return Statistics(
        shown(counted, scope.single_regions, cell_min=cell_min),
        cell_min,
        as_of=collaborators.clock.now(),
    )
