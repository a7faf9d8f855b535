"""Read how many persons and households are registered."""

from dataclasses import dataclass
from datetime import datetime

from services.registry.storage.statistics import RegistryCounts, count_registered
from services.registry.use_cases.collaborators import Collaborators
from shared.storage.database import RowScope


@dataclass(frozen=True, slots=True)
class RegistryStatistics:
    """Counts within the caller's regions, and when they were taken."""

    counts: RegistryCounts
    as_of: datetime


async def read_statistics(scope: RowScope, *, using: Collaborators) -> RegistryStatistics:
    """Return the counts over the rows in `scope`."""
    async with using.database.transaction(scope) as tx:
        counts = await count_registered(tx)
    return RegistryStatistics(counts, as_of=using.clock.now())
