"""What the environment says to the registry."""

from pydantic import Field

from services.registry.domain.identifiers import CheckDigit
from services.registry.use_cases.collaborators import (
    BLOCK_BYTES_MAX,
    BLOCK_LINES_MAX,
    FILE_BYTES_MAX,
    DciRules,
    ImportRules,
)
from shared.kernel.small_counts import CELL_MIN
from shared.runtime.settings import ServiceSettings

IMPORT_READERS = 2
IMPORT_READERS_MAX = 64


class Settings(ServiceSettings):
    """The registry's settings; field names are environment variables in lower case."""

    registry_idcs_check_digit: CheckDigit = CheckDigit.VERHOEFF
    registry_import_bytes_max: int = Field(default=FILE_BYTES_MAX, ge=1, le=FILE_BYTES_MAX)
    registry_statistics_cell_min: int = Field(default=CELL_MIN, ge=1, le=1_000)
    registry_dci_sender_id: str = Field(default="sanad", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    registry_import_readers: int = Field(default=IMPORT_READERS, ge=0, le=IMPORT_READERS_MAX)
    """Processes that read large imports beside the worker; none reads in a thread of it."""
    registry_block_lines_max: int = Field(default=BLOCK_LINES_MAX, ge=1, le=BLOCK_LINES_MAX)

    def import_rules(self) -> ImportRules:
        """Return what a file of declarations may be."""
        return ImportRules(
            algorithm=self.registry_idcs_check_digit,
            file_bytes_max=self.registry_import_bytes_max,
            block_lines_max=self.registry_block_lines_max,
            block_bytes_max=BLOCK_BYTES_MAX,
        )

    def dci_rules(self) -> DciRules:
        """Return how this house takes part in exchanges of the DCI standard."""
        return DciRules(
            sender_id=self.registry_dci_sender_id,
            plain_callbacks=self.sanad_profile == "demo",
        )
