"""What the environment says to the registry."""

from pydantic import Field

from services.registry.domain.identifiers import CheckDigit
from services.registry.use_cases.collaborators import (
    BLOCK_BYTES_MAX,
    BLOCK_LINES_MAX,
    FILE_BYTES_MAX,
    ImportRules,
)
from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """The registry's settings; field names are environment variables in lower case."""

    registry_idcs_check_digit: CheckDigit = CheckDigit.VERHOEFF
    registry_import_bytes_max: int = Field(default=FILE_BYTES_MAX, ge=1, le=FILE_BYTES_MAX)
    registry_block_lines_max: int = Field(default=BLOCK_LINES_MAX, ge=1, le=10 * BLOCK_LINES_MAX)

    def import_rules(self) -> ImportRules:
        """Return what a file of declarations may be."""
        return ImportRules(
            algorithm=self.registry_idcs_check_digit,
            file_bytes_max=self.registry_import_bytes_max,
            block_lines_max=self.registry_block_lines_max,
            block_bytes_max=BLOCK_BYTES_MAX,
        )
