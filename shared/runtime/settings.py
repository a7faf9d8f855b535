"""Settings that every process reads from its environment; a wrong one fails at the start."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What the environment must say before a service starts.

    Field names are environment variables in lower case; services subclass this with their own.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sanad_profile: Literal["demo", "production"] = "production"
    sanad_state_dir: Path = Path(".local/state")
    sanad_key_dir: Path | None = None
    sanad_host: str = "127.0.0.1"
    sanad_port: int = Field(default=8080, ge=0, le=65535)
    sanad_issuer: str = "http://127.0.0.1:8080"
    sanad_jwks_url: str = "http://127.0.0.1:8080/.well-known/jwks.json"
    sanad_audience: str = "sanad"
    sanad_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    sanad_pool_max: int = Field(default=8, ge=1, le=100)
    sanad_inflight_max: int = Field(default=200, ge=1, le=10_000)
    sanad_kept_answers_hours: int = Field(default=48, ge=1, le=8_784)
    database_url: SecretStr | None = None
    owner_database_url: SecretStr | None = None
    admin_database_url: SecretStr | None = None
    amqp_url: SecretStr | None = None
    owner_database_password: SecretStr | None = None
    api_database_password: SecretStr | None = None
    worker_database_password: SecretStr | None = None

    @property
    def key_dir(self) -> Path:
        """Return the folder that holds every key folder of this process."""
        return self.sanad_key_dir or self.sanad_state_dir / "keys"

    @property
    def clock_offset_file(self) -> Path:
        """Return the file whose seconds move the business clock, in demonstrations only."""
        return self.sanad_state_dir / "clock-offset"
