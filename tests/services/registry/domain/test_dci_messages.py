"""DCI messages without a database: numbers stay exact, texts for signatures are as others write."""

import json
from decimal import Decimal
from typing import Any

import pytest

from services.registry.domain.dci_answers import unsubscribe_answer
from services.registry.domain.dci_contract import Reason, Refusal, Unsubscribed
from services.registry.domain.dci_delivery import (
    ATTEMPTS_MAX,
    Delivery,
    Verdict,
    after,
    wait_seconds,
)
from services.registry.domain.dci_json import (
    Canonical,
    UnreadableJsonError,
    canonical_json,
    read_json,
    write_json,
)
from services.registry.domain.dci_reading import an_instant
from services.registry.domain.dci_requests import read_search, read_subscribe
from services.registry.domain.dci_signatures import read_signature
from services.registry.use_cases.dci_answer_later import notify_uri
from shared.testing.fixed_clock import FixedClock


@pytest.mark.parametrize("text", ["9.7430010000", "0.1", "12345678.1234567891", "-0.0000001"])
def test_a_fraction_arrives_as_it_was_computed(text: str) -> None:
    written = write_json({"index": Decimal(text)})
    assert read_json(written) == {"index": Decimal(text)}
    assert b"e" not in written.removeprefix(b'{"index"').lower()


# The pairs of RFC 8785, appendix B, within the sizes that are kept.
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0.0", "0"),
        ("1E30", "1e+30"),
        ("4.50", "4.5"),
        ("2e-3", "0.002"),
        ("1e-27", "1e-27"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("333333333.33333329", "333333333.3333333"),
    ],
)
def test_numbers_are_written_as_javascript_does(written: str, expected: str) -> None:
    assert canonical_json(read_json(written.encode()), Canonical.JCS) == expected.encode()


def test_texts_for_signatures_are_what_others_write() -> None:
    body = '{"b": "زهرة €\\u20ac\\n\\u000f", "a": [1, true, null, 9.10], "\\ud83d\\ude02": {}}'
    value = read_json(body.encode())
    python = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
    assert canonical_json(value, Canonical.PYTHON_FLOATS).decode() == python
    assert canonical_json(value, Canonical.PYTHON).decode() == python.replace("9.1]", "9.10]")
    assert canonical_json(value, Canonical.JCS).decode() == (
        '{"a":[1,true,null,9.1],"b":"زهرة €€\\n\\u000f","😂":{}}'
    )


@pytest.mark.parametrize(
    "body", ['{"a":1,"a":1}', "NaN", "-Infinity", '"\\u0000"', '"\\udead"', "1e31", "9" * 20]
)
def test_what_cannot_be_kept_is_not_read(body: str) -> None:
    with pytest.raises(UnreadableJsonError):
        read_json(body.encode())


@pytest.mark.parametrize(
    ("text", "is_instant"),
    [
        ("2026-10-01T08:00:00Z", True),
        ("2026-10-01t08:00:00.123456789+01:00", True),
        ("2026-10-01T08:00:00", False),
        ("2026-10-01", False),
        ("2026-13-01T08:00:00Z", False),
        ("20261001T080000Z", False),
        ("2026-10-01T08:00:00Z\n", False),
    ],
)
def test_an_instant_has_a_zone(text: str, *, is_instant: bool) -> None:
    assert (an_instant(text) is not None) is is_instant


def test_a_signature_of_another_form_counts_as_none() -> None:
    right = (
        'Signature: namespace="dci", kidId="a|b|ed25519", algorithm="ed25519", created="1",'
        ' expires="301", headers="(created) (expires) digest", signature="AAAA"'
    )
    read = read_signature(right)
    assert read is not None
    assert (read.sender_id, read.created, read.value) == ("a", 1, b"\0\0\0")
    assert read_signature(str(read)) == read
    for wrong in (
        "",
        "signature of the message",
        right.replace("(created) (expires) digest", "digest"),
        right.replace("a|b|ed25519", "a|b"),
        right.replace('created="1"', 'created="x"'),
        right.replace("AAAA", "A*A"),
    ):
        assert read_signature(wrong) is None, wrong


def test_one_refused_code_refuses_the_message_and_lists_what_did_end() -> None:
    refusal = Refusal(Reason.SUBSCRIPTION_CODE_INVALID, "No such subscription.")
    answer = unsubscribe_answer([Unsubscribed("one"), refusal], at=FixedClock().now())
    assert answer["status"] == "rjct"
    assert answer["status_reason_code"] == "rjct.subscription_code.invalid"
    assert answer["subscription_status"] == [{"code": "one", "status": "unsubscribe"}]


def test_waits_double_up_to_an_hour_and_end_after_about_a_day() -> None:
    waits = [wait_seconds(attempts) for attempts in range(1, ATTEMPTS_MAX)]
    assert waits[:3] == [5, 10, 20]
    assert max(waits) == waits[-1] == 3_600
    assert 18 < sum(waits) / 3_600 < 26
    again = Delivery(Verdict.AGAIN, "timeout")
    assert after(again, ATTEMPTS_MAX - 1) is again
    assert after(again, ATTEMPTS_MAX) == Delivery(Verdict.GIVEN_UP, "timeout")


@pytest.mark.parametrize(
    ("stated", "used"),
    [
        ("https://a.ma/registry/on-subscribe", "https://a.ma/registry/notify"),
        ("https://a.ma/on-subscribe?x=1", "https://a.ma/notify?x=1"),
        ("https://a.ma/hooks/7", "https://a.ma/hooks/7"),
    ],
)
def test_notifications_go_beside_the_address_of_subscriptions(stated: str, used: str) -> None:
    assert notify_uri(stated) == used


AT = "2026-11-20T10:00:00Z"
BY_UIN = {"type": "UIN", "value": "4820193756"}
SEARCHED = {
    "version": "1.0.0",
    "reg_type": "ns:org:RegistryType:Social",
    "reg_record_type": "Group",
    "response_entity": "Group",
    "query_type": "idtype-value",
    "query": BY_UIN,
    "sort": [{"attribute_name": "poverty_score", "sort_order": "asc"}],
    "pagination": {"page_size": 50, "page_number": 1},
    "consent": {"@type": "Consent"},
    "authorize": {"@type": "Authorize"},
}
PERIOD = {
    "start_time": "2026-10-01T00:00:00Z",
    "end_time": "2027-10-01T00:00:00Z",
    "frequency": "0 0 0 * * ? *",
}
FOLLOWED = {
    "version": "1.0.0",
    "reg_type": "ns:org:RegistryType:Social",
    "reg_event_type": "REGISTER",
    "frequency": PERIOD,
    "filter_type": "idtype-value",
    "filter": BY_UIN,
    "notify_record_type": "Member",
    "consent": {"@type": "Consent"},
    "authorize": {"@type": "Authorize"},
}


def searched(criteria: dict[str, Any], **beside: Any) -> Reason | None:  # noqa: ANN401 -- any JSON
    """Return why a search by these criteria is refused; None if it is read."""
    item = {"reference_id": "r1", "timestamp": AT, "search_criteria": criteria} | beside
    (read,) = read_search({"transaction_id": "t", "search_request": [item]}).items
    return read.asked.reason if isinstance(read.asked, Refusal) else None


def followed(criteria: dict[str, Any], **beside: Any) -> Reason | None:  # noqa: ANN401 -- any JSON
    """Return why a subscription by these criteria is refused; None if it is read."""
    item = {"reference_id": "r1", "timestamp": AT, "subscribe_criteria": criteria} | beside
    (read,) = read_subscribe({"transaction_id": "t", "subscribe_request": [item]}).items
    return read.asked.reason if isinstance(read.asked, Refusal) else None


def test_every_name_that_the_standard_has_for_criteria_is_read() -> None:
    assert searched(SEARCHED) is None
    assert followed(FOLLOWED) is None
    everything: dict[str, Any] = {
        "reg_event_type": "REGISTER",
        "filter_type": "",
        "filter": None,
        "frequency": {},
    }
    assert followed(everything) is None


@pytest.mark.parametrize("name", ["filters", "Filter", "FILTER_TYPE", "query", "blah", ""])
def test_a_misspelt_filter_refuses_the_subscription_and_never_widens_it(name: str) -> None:
    unfiltered = {"reg_event_type": "REGISTER", "notify_record_type": "Member"}
    assert followed(unfiltered | {name: BY_UIN}) is Reason.NOTIFY_DETAILS_INVALID


def test_half_a_filter_and_an_unknown_name_in_the_frequency_refuse_the_subscription() -> None:
    for changes in (
        {"filter": None},
        {"frequency": PERIOD | {"until": "2027-10-01T00:00:00Z"}},
    ):
        assert followed(FOLLOWED | changes) is Reason.NOTIFY_DETAILS_INVALID, changes


def test_criteria_that_stand_beside_their_object_refuse_the_item() -> None:
    assert followed({"reg_event_type": "REGISTER"}, filter=BY_UIN) is Reason.NOTIFY_DETAILS_INVALID
    assert searched(SEARCHED, pagination={"page_size": 1}) is Reason.CRITERIA_INVALID
    assert followed(FOLLOWED, locale="fra", extension={"a": 1}) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filter": {"region_code": "04"}}, Reason.CRITERIA_INVALID),
        ({"Query": BY_UIN}, Reason.CRITERIA_INVALID),
        ({"reg_event_type": "REGISTER"}, Reason.CRITERIA_INVALID),
        ({"sort": [{"attribute_name": "age", "order": "desc"}]}, Reason.SORT_INVALID),
        ({"pagination": {"page_size": 50, "page": 2}}, Reason.PAGINATION_INVALID),
    ],
)
def test_an_unknown_name_refuses_the_search(changes: dict[str, Any], reason: Reason) -> None:
    assert searched(SEARCHED | changes) is reason
