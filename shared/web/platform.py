"""What a process lends to the service it runs: made once, by the process or the launcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.messaging.consuming import Subscription
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import Clock
from shared.runtime.loops import Loop
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns
from shared.web.auth import TokenVerifier


@dataclass(frozen=True)
class Platform:
    """The means of one service in one process."""

    clock: Clock
    database: Database
    verifier: TokenVerifier
    metrics: Metrics
    keys: Path
    sealed: SealedColumns
    sealed_fields: SealedFields
    inflight_max: int = 200
    kept_answers_hours: int = 48


@dataclass(frozen=True)
class Worker:
    """What a service does besides answering: events it consumes, and loops it runs."""

    service: str
    subscriptions: Sequence[Subscription[Any]] = ()
    loops: Sequence[Loop] = ()
