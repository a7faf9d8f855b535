"""The messages that answer: strict, whatever the question looked like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.domain.dci_contract import (
    JsonObject,
    JsonValue,
    Notification,
    Reason,
    Refusal,
    Register,
    SearchPage,
    Subscribed,
    Unsubscribed,
)
from services.registry.domain.dci_envelope import (
    REASON_CHARACTERS_MAX,
    VERSION,
    Status,
    instant_text,
)
from services.registry.domain.dci_requests import TxnType

_SEARCH_REASONS = frozenset(
    {
        Reason.REFERENCE_INVALID,
        Reason.REFERENCE_DUPLICATE,
        Reason.TIMESTAMP_INVALID,
        Reason.CRITERIA_INVALID,
        Reason.FILTER_INVALID,
        Reason.SORT_INVALID,
        Reason.PAGINATION_INVALID,
        Reason.TOO_MANY_RECORDS,
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: kept for those who ask for a status later."""

    reference_id: str
    status: Status
    at: datetime
    reason: Reason | None = None


def ids(transaction_id: str, correlation_id: str) -> dict[str, JsonValue]:
    """Return the two names that every answer begins with: the caller's, and ours."""
    return {"transaction_id": transaction_id, "correlation_id": correlation_id}


def search_answer(
    register: Register,
    answers: Sequence[tuple[str, SearchPage | Refusal]],
    *,
    at: datetime,
) -> list[JsonObject]:
    """Return the items of an answer to a search, in the order of the questions."""
    return [_search_item(register, *answer, at=at) for answer in answers]


def subscribe_answer(
    answers: Sequence[tuple[str, Subscribed | Refusal]], *, at: datetime
) -> list[JsonObject]:
    """Return the items of an answer to a wish for subscriptions."""
    items: list[JsonObject] = []
    for reference_id, answer in answers:
        item = _item(reference_id, answer, at=at)
        if isinstance(answer, Subscribed):
            item["subscriptions"] = [
                {"code": answer.code, "status": "subscribe", "timestamp": instant_text(at)}
            ]
        items.append(item)
    return items


def unsubscribe_answer(
    answers: Sequence[Unsubscribed | Refusal], *, at: datetime
) -> dict[str, JsonValue]:
    """Return what became of subscriptions that should end.

    The standard has one status for all of them: refused if one is, and the list names those that
    did end.
    """
    refusal = next((answer for answer in answers if isinstance(answer, Refusal)), None)
    ended = [answer.code for answer in answers if isinstance(answer, Unsubscribed)]
    return {
        "timestamp": instant_text(at),
        "status": Status.SUCCEEDED if refusal is None else Status.REJECTED,
        **({} if refusal is None else _reason(refusal)),
        "subscription_status": [{"code": code, "status": "unsubscribe"} for code in ended],
    }


def status_answer(
    txn_type: TxnType, outcomes: Sequence[Outcome], *, transaction_id: str, correlation_id: str
) -> JsonObject:
    """Return what became of earlier messages.

    It must look like an answer to a search, even for a subscription or a transaction that nobody
    knows. Records are not repeated: they were disclosed, and logged, once.
    """
    return {
        "txn_type": txn_type,
        "txn_status": {
            **ids(transaction_id, correlation_id),
            "search_response": [_outcome_item(outcome) for outcome in outcomes],
        },
    }


def notify_items(notifications: Sequence[Notification], *, at: datetime) -> list[JsonObject]:
    """Return the items of a notify message; what they carry is one object, not an array."""
    return [
        {
            "reference_id": notification.notification_id.hex,
            "timestamp": instant_text(at),
            "data": {
                "version": VERSION,
                "reg_type": notification.register.reg_type,
                "reg_event_type": notification.event_type,
                "reg_record_type": notification.reg_record_type,
                "reg_records": notification.record,
            },
        }
        for notification in notifications
    ]


def outcome_of(
    reference_id: str,
    answer: SearchPage | Subscribed | Unsubscribed | Refusal,
    *,
    at: datetime,
) -> Outcome:
    """Return what is kept of an answer: that it was given, and never what it said."""
    if isinstance(answer, Refusal):
        return Outcome(reference_id, Status.REJECTED, at, answer.reason)
    return Outcome(reference_id, Status.SUCCEEDED, at)


def _search_item(
    register: Register, reference_id: str, answer: SearchPage | Refusal, *, at: datetime
) -> JsonObject:
    item = _item(reference_id, answer, at=at)
    if isinstance(answer, SearchPage):
        item["data"] = {
            "version": VERSION,
            "reg_type": register.reg_type,
            "reg_record_type": answer.reg_record_type,
            "reg_records": list(answer.records),
        }
        item["pagination"] = {
            "page_size": answer.page_size,
            "page_number": answer.page_number,
            "total_count": answer.total_count,
        }
    return item


def _item(
    reference_id: str, answer: SearchPage | Subscribed | Refusal, *, at: datetime
) -> dict[str, JsonValue]:
    refused = isinstance(answer, Refusal)
    return {
        "reference_id": reference_id,
        "timestamp": instant_text(at),
        "status": Status.REJECTED if refused else Status.SUCCEEDED,
        **(_reason(answer) if isinstance(answer, Refusal) else {}),
    }


def _reason(refusal: Refusal) -> dict[str, JsonValue]:
    return {
        "status_reason_code": refusal.reason,
        "status_reason_message": refusal.message[:REASON_CHARACTERS_MAX],
    }


def _outcome_item(outcome: Outcome) -> JsonObject:
    item: dict[str, JsonValue] = {
        "reference_id": outcome.reference_id,
        "timestamp": instant_text(outcome.at),
        "status": outcome.status,
    }
    if outcome.reason is None:
        return item
    # A status looks like an answer to a search, whose list of codes lacks those of subscriptions.
    known = outcome.reason in _SEARCH_REASONS
    item["status_reason_code" if known else "status_reason_message"] = outcome.reason
    return item
