"""Add up the changes of counts that writers left, so that reading counts stays quick."""

from services.registry.storage.statistics import CHANGES_FOLDED_MAX, fold_changes
from services.registry.use_cases.collaborators import Collaborators


async def fold_counts(using: Collaborators) -> bool:
    """Add pending changes to the counts by commune and day.

    Returns:
        Whether more may be waiting.
    """
    async with using.database.transaction() as tx:
        return await fold_changes(tx) == CHANGES_FOLDED_MAX
