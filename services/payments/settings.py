"""What the environment must say before payments starts."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from shared.kernel.small_counts import CELL_MIN
from shared.runtime.settings import ServiceSettings

DEMO_DEBTOR_ACCOUNT = "310810100000000000202674"


class Settings(ServiceSettings):
    """The bank's door, and in whose name is paid.

    The debtor's account is written as 24 digits; only the demo profile has one of its own.
    """

    bank_url: str = "http://127.0.0.1:8090"
    bank_token_file: Path = Path(".local/state/outside/bank-token")
    bank_timeout_seconds: int = Field(default=30, ge=1, le=600)
    debtor_name: str = Field(default="AGENCE NATIONALE DU SOUTIEN SOCIAL", max_length=140)
    debtor_account: SecretStr | None = None
    bank_file_transactions_max: int = Field(default=25_000, ge=1, le=50_000)
    bank_report_bytes_max: int = Field(default=64 * 1024 * 1024, ge=1024)
    payments_statistics_cell_min: int = Field(default=CELL_MIN, ge=1, le=1_000)

    @property
    def debited_account(self) -> str:
        """Return the account that is debited.

        Raises:
            ValueError: Production has none; nobody pays from an account made up for a demo.
        """
        if self.debtor_account is not None:
            return self.debtor_account.get_secret_value()
        if self.sanad_profile == "demo":
            return DEMO_DEBTOR_ACCOUNT
        message = "Set DEBTOR_ACCOUNT to the 24 digits of the account that is debited."
        raise ValueError(message)

    @model_validator(mode="after")
    def _bank_is_reached_safely(self) -> Self:
        loopback = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        plain = self.bank_url.startswith("http://")
        nearby = self.bank_url.startswith(loopback)
        if self.sanad_profile == "production" and plain and not nearby:
            message = "In production the bank is reached by https."
            raise ValueError(message)
        return self
