"""Cron expressions say when a subscriber is told."""

from datetime import UTC, datetime

import pytest

from services.registry.domain.dci_schedules import read_schedule
from shared.runtime.clock import CASABLANCA

# A Sunday, 13:30:20 in Casablanca (UTC+1).
NOW = datetime(2026, 11, 22, 12, 30, 20, 500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * ? *", datetime(2026, 11, 22, 12, 30, 21, tzinfo=UTC)),
        ("0 * * * * ?", datetime(2026, 11, 22, 12, 31, tzinfo=UTC)),
        ("0 0 0 * * ? *", datetime(2026, 11, 22, 23, 0, tzinfo=UTC)),
        ("0 0 0 5,15 * ? *", datetime(2026, 12, 4, 23, 0, tzinfo=UTC)),
        ("0 0 6 ? * MON-FRI *", datetime(2026, 11, 23, 5, 0, tzinfo=UTC)),
        ("0 0 6 ? * 1 *", datetime(2026, 11, 29, 5, 0, tzinfo=UTC)),
        ("0 0/20 14 * * ? *", datetime(2026, 11, 22, 13, 0, tzinfo=UTC)),
        ("15 */7 13 * * ? *", datetime(2026, 11, 22, 12, 35, 15, tzinfo=UTC)),
        ("0 0 8 1 JAN ? 2027", datetime(2027, 1, 1, 7, 0, tzinfo=UTC)),
    ],
)
def test_the_next_time_is_the_first_that_fits(expression: str, expected: datetime) -> None:
    schedule = read_schedule(expression)
    assert schedule is not None
    assert schedule.next_time(NOW, zone=CASABLANCA) == expected


@pytest.mark.parametrize("expression", ["0 0 0 30 2 ? *", "0 0 0 1 1 ? 2029", "0 0 0 * * ? 2020"])
def test_a_time_that_never_comes_is_none(expression: str) -> None:
    schedule = read_schedule(expression)
    assert schedule is not None
    assert schedule.next_time(NOW, zone=CASABLANCA) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "daily",
        "* * * * *",
        "60 * * * * ? *",
        "* * 24 * * ? *",
        "0 0 0 L * ? *",
        "0 0 0 ? * 2#1 *",
        "0 0 0 9-5 * ? *",
        "0 0 0 1,,2 * ? *",
        "0 */0 0 * * ? *",
        "0 0 0 * * ? * *",
        "0 0 0 * FOO ? *",
        "0 0 0 * * ? ٢٠٢٧",
        "0 0 0 0 * ? *",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    assert read_schedule(expression) is None
