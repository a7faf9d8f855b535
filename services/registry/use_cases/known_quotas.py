"""The slices of daily quotas that a process has set aside for itself."""

from dataclasses import dataclass, field
from datetime import date

CLIENTS_HELD_MAX = 4096


@dataclass(slots=True)
class KnownQuotas:
    """What is left of each client's slice of a day."""

    _left: dict[str, tuple[date, int]] = field(default_factory=dict)

    def left(self, client: str, *, day: date) -> int:
        """Return how many questions of a day the client may still ask here."""
        held = self._left.get(client)
        return held[1] if held is not None and held[0] == day else 0

    def add(self, client: str, *, day: date, count: int) -> None:
        """Add what was set aside, or take off what is spent."""
        if client not in self._left and len(self._left) >= CLIENTS_HELD_MAX:
            # What the others had left is lost to them; it is a small part of their day.
            self._left.clear()
        self._left[client] = (day, self.left(client, day=day) + count)
