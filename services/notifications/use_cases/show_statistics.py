"""Counting messages by stage and state, small counts of single regions hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.messages import MessageState
from services.notifications.storage.views import stage_counts
from services.notifications.use_cases.collaborators import Collaborators
from shared.kernel.small_counts import Counts, hidden_among, total_shown
from shared.storage.database import RowScope


@dataclass(frozen=True, slots=True)
class StageCount:
    """How many messages of a stage are in a state; None where that is hidden."""

    stage: str
    state: str
    messages: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was counted at `as_of`, as far as the caller may see."""

    messages: Sequence[StageCount]
    awaiting_contact: int | None
    cell_min: int
    as_of: datetime


async def show_statistics(*, scope: RowScope, collaborators: Collaborators) -> Statistics:
    """Return how many messages of the caller's regions are in each stage and state.

    What must be hidden depends on every region, whoever asks for some of them. Each count is hidden
    by itself: no total of a region stands beside its stages and states.
    """
    async with collaborators.database.transaction(RowScope.everything()) as tx:
        counted = await stage_counts(tx)
    cell_min = collaborators.statistics_cell_min
    counts = [
        StageCount(stage, state, _shown(by_region, scope, cell_min=cell_min))
        for (stage, state), by_region in _of_every_region(counted).items()
    ]
    return Statistics(counts, _waiting(counts), cell_min, as_of=collaborators.clock.now())


def _of_every_region(
    counted: Mapping[tuple[str, str], Mapping[str, int]],
) -> dict[tuple[str, str], dict[str, Counts]]:
    """Return the counts with zeros where there are none: they too may have to be hidden."""
    regions = sorted({region for by_region in counted.values() for region in by_region})
    return {
        kind: {region: (by_region.get(region, 0),) for region in regions}
        for kind, by_region in counted.items()
    }


def _shown(by_region: Mapping[str, Counts], scope: RowScope, *, cell_min: int) -> int | None:
    hidden = hidden_among(by_region, cell_min=cell_min)
    total = total_shown(by_region, scope.single_regions, hidden=hidden, measures=1)
    return None if total is None else total[0]


def _waiting(counts: Sequence[StageCount]) -> int | None:
    """Return how many messages wait for a contact; None if that is hidden of any stage."""
    total = 0
    for count in counts:
        if count.state == MessageState.AWAITING_CONTACT:
            if count.messages is None:
                return None
            total += count.messages
    return total
