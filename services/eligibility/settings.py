"""What the environment must say before eligibility starts."""

from pydantic import Field

from shared.runtime.settings import ServiceSettings

RUN_CHUNK_HOUSEHOLDS_MAX = 50_000


class Settings(ServiceSettings):
    """The shared settings, and how many households a run takes at a time."""

    sanad_run_chunk_households: int = Field(default=5_000, ge=1, le=RUN_CHUNK_HOUSEHOLDS_MAX)
