"""Reading what a household was paid, and the figures over all payments."""

from uuid import UUID

from services.payments.storage.figures import (
    Figures,
    InstructionRow,
    all_figures,
    instructions_before,
)
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import RowScope

LATEST_MONTH = "9999-12"
LAST_ID = UUID(int=2**128 - 1)


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


async def read_statistics(using: Collaborators, *, scope: RowScope) -> Figures:
    """Return the figures over all cycles, of the caller's grant."""
    async with using.database.transaction(scope) as tx:
        return await all_figures(tx)
