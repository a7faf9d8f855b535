"""What the gateway's use cases work with."""

from dataclasses import dataclass

from services.gateway.domain.roles import RoleBook
from services.gateway.domain.signing_keys import RotationPolicy
from services.gateway.domain.tokens import TokenPolicy
from shared.runtime.clock import Clock
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Made once in `main`, handed to every use case.

    Attributes:
        clock: Tells when assertions and tokens end. Callers elsewhere sign with their own clocks,
            so this is the true time even where a demonstration moves the business clock.
        audiences: The names by which an assertion may address this server.
        is_demo: Whether demonstration clients may be made.
    """

    database: Database
    clock: Clock
    sealed: SealedColumns
    book: RoleBook
    tokens: TokenPolicy
    rotation: RotationPolicy
    audiences: frozenset[str]
    is_demo: bool
