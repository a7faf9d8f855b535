"""Forget DCI messages and callbacks that were settled long ago."""

from datetime import timedelta

from services.registry.storage.dci_messages import forget_messages
from services.registry.use_cases.collaborators import Collaborators

KEPT_DAYS = 30
FORGOTTEN_AT_ONCE_MAX = 1_000


async def forget_old_messages(using: Collaborators) -> bool:
    """Delete some of what is older than `KEPT_DAYS`; True if there may be more."""
    before = using.clock.now() - timedelta(days=KEPT_DAYS)
    async with using.database.transaction() as tx:
        forgotten = await forget_messages(tx, before=before, limit=FORGOTTEN_AT_ONCE_MAX)
    return forgotten >= FORGOTTEN_AT_ONCE_MAX
