"""Forget assertions that could not be accepted any more, replayed or not."""

from services.gateway.storage.assertions import PURGE_ROWS_MAX, purge_assertions
from services.gateway.use_cases.collaborators import Collaborators


async def purge_spent_assertions(*, collaborators: Collaborators) -> bool:
    """Delete one block of expired assertions; return True if more may be waiting."""
    async with collaborators.database.transaction() as tx:
        purged = await purge_assertions(tx, now=collaborators.clock.now())
    return purged == PURGE_ROWS_MAX
