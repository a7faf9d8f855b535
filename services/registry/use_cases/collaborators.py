"""What the registry's use cases work with; made once by `main`."""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Counter

from services.registry.domain.identifiers import CheckDigit
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns

FILE_BYTES_MAX = 32 * 1024**3
BLOCK_LINES_MAX = 500
BLOCK_BYTES_MAX = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class ImportRules:
    """What a file of declarations may be, and how it is cut."""

    algorithm: CheckDigit = CheckDigit.VERHOEFF
    file_bytes_max: int = FILE_BYTES_MAX
    block_lines_max: int = BLOCK_LINES_MAX
    block_bytes_max: int = BLOCK_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Collaborators:
    """The means of the registry in one process."""

    database: Database
    clock: Clock
    sealed: SealedColumns
    sealed_fields: SealedFields
    rules: ImportRules
    lines_applied: Counter
    metrics: Metrics
    keys: Path
    """The folder of this service's own keys."""
    worker_id: str
    """Names this process as the owner of leases."""


def count_of_lines(metrics: Metrics) -> Counter:
    """Return the measure of applied import lines by what came of them."""
    return metrics.counter(
        "sanad_registry_import_lines",
        "Lines of imports by what came of them: recorded, unchanged or rejected.",
        ("outcome",),
    )
