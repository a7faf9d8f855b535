"""What the verbs of this service work with, made once by main."""

from dataclasses import dataclass

from services.payments.integrations.bank_channel import BankChannel
from services.payments.integrations.pain001 import Debtor
from shared.kernel.small_counts import CELL_MIN
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns


@dataclass(frozen=True)
class Collaborators:
    """The means of every verb; `statistics_cell_min` is the smallest count of a region shown."""

    database: Database
    clock: Clock
    sealed: SealedColumns
    sealed_fields: SealedFields
    metrics: Metrics
    statistics_cell_min: int = CELL_MIN


@dataclass(frozen=True)
class Bank:
    """The bank that this service pays through, and how it is spoken to.

    Attributes:
        channel: The bank's door.
        debtor: In whose name, and from which account, is paid.
        worker_id: Who holds the lease on the bank's reports in this process.
        claim_seconds: How long a file is this process's to send; longer than any answer may take.
    """

    channel: BankChannel
    debtor: Debtor
    worker_id: str
    claim_seconds: int
