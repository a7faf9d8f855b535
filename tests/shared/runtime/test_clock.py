"""Business time: one offset moves everybody, and a demonstration begins on a working morning."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.runtime.clock import CASABLANCA, OffsetClock, SystemClock, demonstration_offset

SUNDAY_NIGHT = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


def local(now: datetime, offset: timedelta) -> str:
    """Return the moved instant as people in Casablanca read it."""
    return f"{(now + offset).astimezone(CASABLANCA):%a %Y-%m-%d %H:%M}"


def test_a_first_start_begins_on_the_last_working_morning() -> None:
    offset = demonstration_offset(SUNDAY_NIGHT, None)
    assert local(SUNDAY_NIGHT, offset) == "Fri 2026-11-20 10:00"


def test_a_later_start_in_working_hours_keeps_its_time() -> None:
    current = timedelta(hours=-12)
    now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    assert demonstration_offset(now, current) == current


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (datetime(2026, 11, 20, 20, 0, tzinfo=UTC), "Mon 2026-11-23 10:00"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), "Mon 2026-11-23 10:00"),
        (datetime(2026, 11, 24, 3, 0, tzinfo=UTC), "Tue 2026-11-24 10:00"),
    ],
)
def test_a_later_start_never_goes_back_in_time(now: datetime, begins: str) -> None:
    assert local(now, demonstration_offset(now, timedelta())) == begins


def test_ramadan_moves_the_hour_and_not_the_morning() -> None:
    now = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert local(now, demonstration_offset(now, None)) == "Mon 2026-03-02 10:00"
    assert (now + demonstration_offset(now, None)).astimezone(UTC).hour == 10


def test_every_clock_follows_one_offset_file(tmp_path: Path) -> None:
    path = tmp_path / "offset"
    clock = OffsetClock(path)
    assert abs(clock.now() - SystemClock().now()) < timedelta(seconds=5)
    path.write_text(str(86400 * 365))
    assert clock.now() - SystemClock().now() > timedelta(days=364)
    assert clock.today() > SystemClock().today()
