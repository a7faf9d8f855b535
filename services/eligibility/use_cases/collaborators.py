"""What use cases work with, made once by the composition root."""

from dataclasses import dataclass

from shared.kernel.small_counts import CELL_MIN
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics
from shared.storage.database import Database


@dataclass(frozen=True, slots=True)
class Collaborators:
    """The means of a use case.

    `run_chunk_households` is how many a run takes at a time, `statistics_cell_min` the smallest
    count of a region that is shown.
    """

    database: Database
    clock: Clock
    metrics: Metrics
    run_chunk_households: int
    statistics_cell_min: int = CELL_MIN
