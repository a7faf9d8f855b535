"""What the registry's use cases work with; made once by `main`."""

from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import Counter

from services.registry.domain.identifiers import CheckDigit
from services.registry.use_cases.answer_together import AnswersTogether
from services.registry.use_cases.known_policies import KnownPolicies
from services.registry.use_cases.known_quotas import KnownQuotas
from services.registry.use_cases.partner_tokens import PartnerTokens
from shared.kernel.small_counts import CELL_MIN
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns

FILE_BYTES_MAX = 32 * 1024**3
BLOCK_LINES_MAX = 5_000
BLOCK_BYTES_MAX = 2 * 1024**2


@dataclass(frozen=True, slots=True)
class ImportRules:
    """What a file of declarations may be, and how it is cut."""

    algorithm: CheckDigit = CheckDigit.VERHOEFF
    file_bytes_max: int = FILE_BYTES_MAX
    block_lines_max: int = BLOCK_LINES_MAX
    block_bytes_max: int = BLOCK_BYTES_MAX


@dataclass(frozen=True, slots=True)
class DciRules:
    """How this house takes part in exchanges of the DCI standard."""

    sender_id: str = "sanad"
    """Its name in messages: whom others write to, and who answers."""
    plain_callbacks: bool = False
    """Whether callbacks may go unencrypted to this very machine, as demonstrations and tests do."""


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
    statistics_cell_min: int = field(default=CELL_MIN, kw_only=True)
    """The smallest count that statistics show."""
    policies: KnownPolicies = field(default_factory=KnownPolicies, kw_only=True)
    """What this process knows of its partners' policies."""
    dci: DciRules = field(default_factory=DciRules, kw_only=True)
    quotas: KnownQuotas = field(default_factory=KnownQuotas, kw_only=True)
    """What this process may still spend of its partners' quotas."""
    together: AnswersTogether = field(default_factory=AnswersTogether, kw_only=True)
    """The questions that this process is answering."""
    partner_tokens: PartnerTokens = field(init=False)
    """Made from the keys at the first use."""

    def __post_init__(self) -> None:
        """Take what follows from the rest."""
        object.__setattr__(self, "partner_tokens", PartnerTokens(self.keys))


def count_of_lines(metrics: Metrics) -> Counter:
    """Return the measure of applied import lines by what came of them."""
    return metrics.counter(
        "sanad_registry_import_lines",
        "Lines of imports by what came of them: recorded, unchanged or rejected.",
        ("outcome",),
    )
