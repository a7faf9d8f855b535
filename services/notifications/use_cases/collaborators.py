"""What the use cases of this service work with; made in main."""

from dataclasses import dataclass

from services.notifications.integrations.smpp.receipts import IdForm
from services.notifications.integrations.smpp.session import Link
from shared.kernel.small_counts import CELL_MIN
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import Clock
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns

SOURCE = "/notifications"


@dataclass(frozen=True, slots=True)
class Collaborators:
    """The means of one process; `statistics_cell_min` is the smallest count of a region shown."""

    database: Database
    clock: Clock
    sealed: SealedColumns
    sealed_fields: SealedFields
    metrics: Metrics
    statistics_cell_min: int = CELL_MIN


@dataclass(frozen=True, slots=True)
class SmsCentre:
    """The one SMS centre this service sends through, and how it wants to be spoken to."""

    name: str
    link: Link
    sender: str
    parts_per_second_max: float
    id_form: IdForm
