from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.bank_answers import EntryLine, StatusLine
from services.payments.integrations.bank_reports import (
    UnreadableReportError,
    read_credit_notification,
    read_status_report,
)
from tests.services.payments.bank_words import (
    a_notification,
    a_status_report,
    a_transfer,
    an_entry,
)


def test_a_status_report_says_what_became_of_each_transfer() -> None:
    report = read_status_report(
        a_status_report(a_transfer("A1", "ACSC"), a_transfer("A2", "RJCT", "AC04"))
    )

    assert report.msg_id == "F1"
    assert list(report.lines) == [
        StatusLine(0, None, "PART", None),
        StatusLine(1, "A1", "ACSC", None),
        StatusLine(2, "A2", "RJCT", "AC04"),
    ]


def test_a_notification_says_what_was_booked() -> None:
    notification = read_credit_notification(a_notification(an_entry("A1", "750.00")))

    assert notification.statement_id == "S1"
    assert list(notification.lines) == [
        EntryLine(1, "N-A1", 1, "A1", 75_000, "MAD", "DBIT", date(2026, 11, 20), None)
    ]


@pytest.mark.parametrize(
    "bad",
    [
        an_entry("A2", "750.001"),
        an_entry("A2", "-1.00"),
        an_entry("A2", "1.00", direction="LEFT"),
        an_entry("A2", "1.00", currency="dirhams"),
        an_entry("A" * 36, "1.00"),
    ],
    ids=["third-decimal", "negative", "direction", "currency", "identifier"],
)
def test_a_malformed_entry_does_not_stop_the_others(bad: str) -> None:
    notification = read_credit_notification(
        a_notification(an_entry("A1", "1.00"), bad, an_entry("A3", "3.00"))
    )

    assert [line.end_to_end_id for line in notification.lines] == ["A1", "A3"]
    assert list(notification.malformed) == [2]


@pytest.mark.parametrize(
    "read", [read_status_report, read_credit_notification], ids=["status", "entries"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Document/>",
        a_status_report()[:-20],
        a_notification()[:-20],
        a_status_report(msg_id="F" * 36),
        a_notification(statement="S" * 36),
    ],
    ids=["empty", "text", "bare", "cut-status", "cut-entries", "long-file-id", "long-statement-id"],
)
def test_a_report_that_cannot_be_trusted_is_refused_whole(
    read: Callable[[bytes], object], body: bytes
) -> None:
    with pytest.raises(UnreadableReportError):
        read(body)


def test_an_entity_bomb_is_refused_before_it_grows() -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    with pytest.raises(UnreadableReportError):
        read_status_report(bomb + a_status_report(msg_id="&b;"))


@given(st.binary(max_size=300))
def test_noise_is_refused_and_never_crashes(noise: bytes) -> None:
    with pytest.raises(UnreadableReportError):
        read_credit_notification(noise)
