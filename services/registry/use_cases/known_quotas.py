"""The slices of daily quotas that a process has set aside for itself."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

CLIENTS_HELD_MAX = 4096


class _Slice(NamedTuple):
    day: date
    left: int
    quota: int
    """The largest quota that any of it was set aside under."""


@dataclass(slots=True)
class KnownQuotas:
    """What is left of each client's slice of a day."""

    _slices: dict[str, _Slice] = field(default_factory=dict)

    def left(self, client: str, *, day: date, quota: int) -> int:
        """Return how many questions of a day the client may still ask here.

        A slice that was set aside under a larger quota counts for nothing: together with those of
        other processes it may be more than the quota in force.
        """
        held = self._slices.get(client)
        return held.left if held is not None and held.day == day and held.quota <= quota else 0

    def add(self, client: str, *, day: date, count: int, quota: int) -> None:
        """Add what was set aside under a quota, or take off what is spent."""
        held = self._slices.get(client)
        if held is not None and held.day == day:
            self._slices[client] = _Slice(day, held.left + count, max(held.quota, quota))
            return
        if held is None and len(self._slices) >= CLIENTS_HELD_MAX:
            # What the others had left is lost to them; it is a small part of their day.
            self._slices.clear()
        self._slices[client] = _Slice(day, count, quota)

    def give_up(self, client: str, *, day: date, quota: int) -> int:
        """Drop a slice of a day that was set aside under a larger quota; return what was left."""
        held = self._slices.get(client)
        if held is None or held.day != day or held.quota <= quota:
            return 0
        del self._slices[client]
        return held.left
