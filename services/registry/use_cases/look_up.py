"""What every look-up of people states: who asks, what for, and at which state of the registry."""

from dataclasses import dataclass
from datetime import date, datetime

from services.registry.storage.access_log import Access
from shared.runtime.clock import Clock
from shared.storage.database import RowScope


@dataclass(frozen=True, slots=True)
class LookUp:
    """The circumstances of a look-up; both times mean now if they are not stated."""

    client: str
    purpose: str
    scope: RowScope
    valid_on: date | None = None
    known_at: datetime | None = None

    def as_access(self, action: str, *, attributes: tuple[str, ...], clock: Clock) -> Access:
        """Return this look-up as the access log tells it, its times resolved.

        Args:
            action: What is done, as the log names it.
            attributes: What it tells of its subjects; `purposes.toml` has a word for each.
            clock: What says now.
        """
        now = clock.now()
        return Access(
            client=self.client,
            purpose=self.purpose,
            action=action,
            valid_on=self.valid_on or clock.today(),
            known_at=self.known_at or now,
            accessed_at=now,
            attributes=attributes,
        )
