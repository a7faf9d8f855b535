"""The business clock: every instant that law or money depends on comes from here.

Queue ages and leases use the database's own clock instead; they must not move with the business
date of a demonstration.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

CASABLANCA = ZoneInfo("Africa/Casablanca")


class Clock(Protocol):
    """What tells the business time."""

    def now(self) -> datetime:
        """Return the instant, in UTC."""
        ...

    def today(self) -> date:
        """Return the date in Casablanca, which is the one the law counts in."""
        ...


class SystemClock:
    """The machine's own clock: the only one that production accepts."""

    def now(self) -> datetime:
        """Return the machine's instant, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- the one place that reads it

    def today(self) -> date:
        """Return the machine's date in Casablanca."""
        return self.now().astimezone(CASABLANCA).date()


class OffsetClock:
    """The machine's clock moved by the seconds in a file, which simulators read too.

    A missing file moves nothing. The file is read again when it changes, so that one write moves
    every process of a demonstration together.
    """

    def __init__(self, path: Path) -> None:
        """Follow the offset in `path` (one integer, in seconds)."""
        self._path = path
        self._read_at_mtime_ns = -1
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the moved instant, in UTC."""
        return SystemClock().now() + self._current_offset()

    def today(self) -> date:
        """Return the moved date in Casablanca."""
        return self.now().astimezone(CASABLANCA).date()

    def _current_offset(self) -> timedelta:
        try:
            mtime_ns = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return timedelta()
        if mtime_ns != self._read_at_mtime_ns:
            text = self._path.read_text().strip()
            self._offset = timedelta(seconds=int(text or "0"))
            self._read_at_mtime_ns = mtime_ns
        return self._offset


FRIDAY = 5
DAY_OPENS_HOUR, DAY_CLOSES_HOUR = 8, 18
MORNING_HOUR = 10


def demonstration_offset(now: datetime, current: timedelta | None) -> timedelta:
    """Return the offset with which a demonstration begins: a working day, in working hours.

    Why: people are told only in decent hours and banks work on weekdays, so a demonstration
    started on a Sunday night would otherwise stand still.

    Args:
        now: The machine's instant.
        current: The offset so far, or None at the very first start. Time already lived through
            never comes again: a later start keeps it, or moves on to the next working morning.
    """
    local = (now + (current or timedelta())).astimezone(CASABLANCA)
    if current is not None and _in_working_hours(local):
        return current
    step = timedelta(days=1 if current is not None else -1)
    morning = _morning_of(local)
    if current is not None and morning <= local:
        morning = _morning_of(local + step)
    while morning.isoweekday() > FRIDAY:
        morning = _morning_of(morning + step)
    return timedelta(seconds=round((morning - now).total_seconds()))


def _in_working_hours(local: datetime) -> bool:
    return local.isoweekday() <= FRIDAY and DAY_OPENS_HOUR <= local.hour < DAY_CLOSES_HOUR


def _morning_of(local: datetime) -> datetime:
    return datetime(local.year, local.month, local.day, MORNING_HOUR, tzinfo=CASABLANCA)
