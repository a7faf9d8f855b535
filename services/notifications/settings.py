"""Settings of the notifications service, from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from shared.kernel.small_counts import CELL_MIN
from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where the SMS centre is and how it wants to be spoken to.

    The password comes from `SMS_PASSWORD_FILE`; `SMS_TLS` asks for a server certificate that the
    system trusts.
    """

    sms_provider: str = Field(default="sms-centre", pattern=r"^[a-z0-9-]{1,40}$")
    sms_host: str = "127.0.0.1"
    sms_port: int = Field(default=2775, ge=1, le=65535)
    sms_system_id: str = Field(default="sanad", max_length=15)
    sms_password_file: Path | None = None
    sms_password: SecretStr | None = None
    sms_tls: bool = False
    sms_sender: str = Field(default="SANAD", min_length=1, max_length=11)
    sms_window: int = Field(default=100, ge=1, le=1_000)
    sms_parts_per_second_max: float = Field(default=2_000.0, ge=1, le=20_000)
    sms_answer_seconds: float = Field(default=30.0, ge=1, le=120)
    sms_enquire_seconds: float = Field(default=30.0, ge=1, le=300)
    sms_receipt_ids: Literal["exact", "folded", "hex-receipts", "decimal-receipts"] = "exact"
    notifications_statistics_cell_min: int = Field(default=CELL_MIN, ge=1, le=1_000)
