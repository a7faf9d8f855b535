"""Closing cycles: released when the bank has every file, closed when every instruction ended."""

from services.payments.storage.cycles import advance_released
from services.payments.use_cases.collaborators import Collaborators


async def close_cycles(using: Collaborators) -> bool:
    """Move cycles as far as their files and instructions allow; return whether one moved."""
    async with using.database.transaction() as tx:
        return await advance_released(tx, at=using.clock.now()) > 0
