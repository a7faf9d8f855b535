"""What the gateway reads from its environment."""

from datetime import timedelta

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """The gateway's settings: where the services are, and what a call may take."""

    sanad_registry_url: str = "http://127.0.0.1:8081"
    sanad_eligibility_url: str = "http://127.0.0.1:8082"
    sanad_payments_url: str = "http://127.0.0.1:8083"
    sanad_notifications_url: str = "http://127.0.0.1:8084"
    sanad_call_seconds_max: float = Field(default=60.0, gt=0, le=600)
    sanad_bulk_seconds_max: float = Field(default=3_600.0, gt=0, le=86_400)
    sanad_body_bytes_max: int = Field(default=4 * 1024**3, gt=0)
    sanad_upstream_inflight_max: int = Field(default=150, ge=1, le=10_000)
    sanad_token_life_seconds: int = Field(default=600, ge=60, le=600)
    sanad_key_life_days: int = Field(default=90, ge=1, le=365)
    sanad_key_lead_minutes: int = Field(default=60, ge=10, le=1_440)

    @property
    def token_life(self) -> timedelta:
        """Return how long a token lasts."""
        return timedelta(seconds=self.sanad_token_life_seconds)

    @property
    def key_life(self) -> timedelta:
        """Return how long a key signs."""
        return timedelta(days=self.sanad_key_life_days)

    @property
    def key_lead(self) -> timedelta:
        """Return how long a key is published before it signs, and after it stopped."""
        return timedelta(minutes=self.sanad_key_lead_minutes)

    @property
    def upstream_urls(self) -> dict[str, str]:
        """Return where each service answers."""
        return {
            "registry": self.sanad_registry_url,
            "eligibility": self.sanad_eligibility_url,
            "payments": self.sanad_payments_url,
            "notifications": self.sanad_notifications_url,
        }
