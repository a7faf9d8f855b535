"""What the environment must say before eligibility starts."""

from pydantic import Field

from shared.kernel.small_counts import CELL_MIN
from shared.runtime.settings import ServiceSettings

RUN_CHUNK_HOUSEHOLDS_MAX = 50_000


class Settings(ServiceSettings):
    """The shared settings, how many households a run takes at a time, and what is too few."""

    sanad_run_chunk_households: int = Field(default=5_000, ge=1, le=RUN_CHUNK_HOUSEHOLDS_MAX)
    eligibility_statistics_cell_min: int = Field(default=CELL_MIN, ge=1, le=1_000)
