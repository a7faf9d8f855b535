"""A business clock that stands where a test puts it."""

from datetime import UTC, date, datetime, timedelta

from shared.runtime.clock import CASABLANCA


class FixedClock:
    """Tells the time it was given, until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        """Start at `now`, by default a Friday morning in Casablanca."""
        self._now = now or datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the instant, in UTC."""
        return self._now

    def today(self) -> date:
        """Return the date in Casablanca."""
        return self._now.astimezone(CASABLANCA).date()

    def move(self, step: timedelta) -> None:
        """Let time pass."""
        self._now += step
