"""Reading what a household was paid, and the figures over all payments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.payments.domain.statistics import Figures, shown
from services.payments.storage.figures import (
    InstructionRow,
    all_figures,
    files_received,
    instructions_before,
)
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import RowScope

LATEST_MONTH = "9999-12"
LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures at `as_of`, as far as they are shown; files are of banks, not of people."""

    figures: Figures
    files: int
    cell_min: int
    as_of: datetime


async def read_instructions(
    using: Collaborators,
    household_id: UUID,
    *,
    before: tuple[str, UUID] = (LATEST_MONTH, LAST_ID),
    limit: int,
    scope: RowScope,
) -> list[InstructionRow]:
    """Return a household's instructions, latest month first, of the caller's grant."""
    month, after = before
    async with using.database.transaction(scope) as tx:
        return await instructions_before(tx, household_id, month=month, after=after, limit=limit)


async def read_statistics(using: Collaborators, *, scope: RowScope) -> Statistics:
    """Return the figures over all cycles, of the caller's grant, small counts hidden.

    What must be hidden depends on every region, whoever asks for some of them.
    """
    async with using.database.snapshot(RowScope.everything()) as tx:
        rows = await all_figures(tx)
        files = await files_received(tx, regions=scope.single_regions)
    figures = shown(
        rows,
        regions=scope.single_regions,
        programmes=scope.single_programmes,
        cell_min=using.statistics_cell_min,
    )
    return Statistics(figures, files, using.statistics_cell_min, as_of=using.clock.now())
