"""Counting messages by stage and state, within the caller's regions."""

from services.notifications.storage.views import StageCount, stage_counts
from shared.storage.database import Database, RowScope


async def show_statistics(*, database: Database, scope: RowScope) -> list[StageCount]:
    """Return how many messages are in each stage and state."""
    async with database.transaction(scope) as tx:
        return await stage_counts(tx)
