"""When a subscriber wishes to be told: cron expressions of seven fields, as the standard has.

Fields are second, minute, hour, day of month, month, day of week (1 is Sunday) and, if it is there,
year. Days count in Casablanca. Letters that Quartz knows besides (`L`, `W`, `#`) are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAYS_AHEAD_MAX = 366
FIELDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_YEAR = 6
_NAMES = {
    4: ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    5: ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times at which somebody is told; empty fields cannot be."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    def next_time(self, after: datetime, *, zone: tzinfo) -> datetime | None:
        """Return the first time at or after an instant, in UTC.

        None if there is none within `DAYS_AHEAD_MAX` days.

        Args:
            after: The instant, with a zone.
            zone: Where days and hours are counted.
        """
        # A fraction of a second has begun the next one.
        begun = (after + timedelta(microseconds=999_999)).replace(microsecond=0)
        local = begun.astimezone(zone)
        earliest = local.time()
        for ahead in range(DAYS_AHEAD_MAX + 1):
            day = local.date() + timedelta(days=ahead)
            clock_time = self._time_on(day, earliest)
            if clock_time is not None:
                return datetime.combine(day, clock_time, tzinfo=zone).astimezone(UTC)
            earliest = time.min
        return None

    def _time_on(self, day: date, earliest: time) -> time | None:
        sunday_first = day.isoweekday() % 7 + 1
        fits = (
            day.year in self.years
            and day.month in self.months
            and day.day in self.days
            and sunday_first in self.weekdays
        )
        return self._time_from(earliest) if fits else None

    def _time_from(self, earliest: time) -> time | None:
        times = (
            time(hour, minute, second)
            for hour in sorted(self.hours)
            if hour >= earliest.hour
            for minute in sorted(self.minutes)
            if (hour, minute) >= (earliest.hour, earliest.minute)
            for second in sorted(self.seconds)
        )
        return next((moment for moment in times if moment >= earliest), None)


def read_schedule(expression: str) -> Schedule | None:
    """Return the schedule that an expression writes, or None if it is none that is known here."""
    fields = expression.split()
    if len(fields) == _YEAR:
        fields.append("*")
    if len(fields) != len(FIELDS):
        return None
    read = [_field(number, text.upper()) for number, text in enumerate(fields)]
    known = [values for values in read if values]
    return Schedule(*known) if len(known) == len(FIELDS) else None


def _field(number: int, text: str) -> frozenset[int]:
    """Return the numbers that one field stands for; none at all if it is malformed."""
    values: set[int] = set()
    for part in text.split(","):
        some = _part(number, part)
        if not some:
            return frozenset()
        values.update(some)
    return frozenset(values)


def _part(number: int, part: str) -> Sequence[int]:
    least, most = FIELDS[number]
    span, slash, step_text = part.partition("/")
    step = int(step_text) if step_text.isascii() and step_text.isdigit() else 0
    if slash and not 1 <= step <= most:
        return ()
    if span in {"*", "?"}:
        return range(least, most + 1, step or 1)
    first_text, dash, last_text = span.partition("-")
    first = _number(number, first_text)
    last = _number(number, last_text) if dash else (most if slash else first)
    if first is None or last is None or not least <= first <= last <= most:
        return ()
    return range(first, last + 1, step or 1)


def _number(number: int, text: str) -> int | None:
    names = _NAMES.get(number, ())
    if text in names:
        return names.index(text) + 1
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None  # noqa: PLR2004 -- digits of a year
