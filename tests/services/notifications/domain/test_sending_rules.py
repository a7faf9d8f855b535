"""Nobody is rung at night, also when the clock of the country moves."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.notifications.domain.phones import digits, is_moroccan_mobile
from services.notifications.domain.sending_rules import SendingRules, Window, sending_rules


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        (datetime(2026, 11, 20, 6, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 7, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 19, 29, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 19, 30, tzinfo=UTC), False),
        # In Ramadan the country is on UTC+0 (from 15 February to 22 March 2026).
        (datetime(2026, 3, 1, 7, 30, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 8, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 1, 20, 29, tzinfo=UTC), True),
    ],
)
def test_hours_are_those_of_casablanca(instant: datetime, is_open: bool) -> None:  # noqa: FBT001
    assert sending_rules().is_open(instant) is is_open


def test_what_is_left_of_the_day_ends_with_the_hours() -> None:
    assert sending_rules().time_left(datetime(2026, 11, 20, 19, 0, tzinfo=UTC)) == timedelta(
        minutes=30
    )
    assert sending_rules().time_left(datetime(2026, 11, 20, 2, 0, tzinfo=UTC)) == timedelta()


def test_the_latest_hours_in_force_apply() -> None:
    rules = sending_rules()
    ramadan = Window(valid_from=date(2027, 2, 8), opens=time(10), closes=time(23))
    with_ramadan = SendingRules(
        zone=rules.zone,
        windows=(*rules.windows, ramadan),
        unsent_max=rules.unsent_max,
        receipt_max=rules.receipt_max,
        appeal_days=rules.appeal_days,
    )
    late = datetime(2027, 2, 10, 22, 0, tzinfo=UTC)
    assert with_ramadan.is_open(late)
    assert not rules.is_open(late)


def test_a_day_before_every_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="in force"):
        sending_rules().is_open(datetime(2020, 1, 1, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("number", "is_mobile"),
    [
        ("+212612345678", True),
        ("+212712345678", True),
        ("+212512345678", False),
        ("0612345678", False),
        ("+21261234567", False),
        ("+2126123456789", False),
        ("+33612345678", False),
        ("+21261234567\u0668", False),
    ],
)
def test_only_moroccan_mobiles_receive_an_sms(number: str, is_mobile: bool) -> None:  # noqa: FBT001
    assert is_moroccan_mobile(number) is is_mobile


def test_a_number_travels_without_its_plus() -> None:
    assert digits("+212612345678") == "212612345678"
