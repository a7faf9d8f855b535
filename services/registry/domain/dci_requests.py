"""What the messages to a register ask for, item by item.

A message that lacks what the standard requires is a fault as a whole. A value that is there and
means nothing refuses its item alone, and so does a name that criteria do not have.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from services.registry.domain.dci_contract import (
    CODE_CHARACTERS_MAX,
    JsonObject,
    JsonValue,
    Reason,
    Refusal,
    SearchCriteria,
    SortBy,
    SubscriptionWanted,
)
from services.registry.domain.dci_errors import AckCode, DciFault, HeaderReason
from services.registry.domain.dci_reading import (
    a_count,
    a_text,
    a_text_if_any,
    an_array,
    an_instant,
    an_object,
    refuse_missing,
)

ITEMS_MAX = 100
SORT_ATTRIBUTES_MAX = 5
_LOCALE = re.compile("[a-z]{3}")
_NO_INSTANT = Refusal(Reason.TIMESTAMP_INVALID, "The timestamp is not an instant with its zone.")
_REPEATED = Refusal(Reason.REFERENCE_DUPLICATE, "The reference is used before in this message.")
_SORT = Refusal(Reason.SORT_INVALID, "Sort by at most five attributes, each asc or desc.")
_SORT_NAMES = frozenset({"attribute_name", "sort_order"})
_PAGE = Refusal(Reason.PAGINATION_INVALID, "A page has a size and a number, both from 1.")
_PAGE_NAMES = frozenset({"page_size", "page_number"})
_PERIOD = Refusal(
    Reason.NOTIFY_DETAILS_INVALID,
    "The frequency has two instants with zones, a cron expression, and nothing else.",
)
_CRITERIA = Refusal(
    Reason.CRITERIA_INVALID,
    "The search criteria have a member that the standard does not name, or one beside them.",
)
_DETAILS = Refusal(
    Reason.NOTIFY_DETAILS_INVALID,
    "The subscribe criteria have a member that the standard does not name, or one beside them.",
)
_NO_FILTER = Refusal(
    Reason.NOTIFY_DETAILS_INVALID, "The criteria have a type of filter, and no filter."
)
_PERIOD_NAMES = frozenset({"start_time", "end_time", "frequency"})
_OF_BOTH = frozenset({"version", "reg_type", "consent", "authorize"})
_SEARCH_NAMES = _OF_BOTH | {
    "reg_record_type",
    "query_type",
    "response_entity",
    "query",
    "sort",
    "pagination",
}
_SUBSCRIBE_NAMES = _OF_BOTH | {
    "reg_event_type",
    "frequency",
    "filter_type",
    "filter",
    "notify_record_type",
}


@dataclass(frozen=True, slots=True)
class SearchItem:
    """One question of a search message."""

    reference_id: str
    asked: SearchCriteria | Refusal


@dataclass(frozen=True, slots=True)
class SearchMessage:
    """Questions asked together."""

    transaction_id: str
    items: tuple[SearchItem, ...]


@dataclass(frozen=True, slots=True)
class SubscribeItem:
    """One subscription wanted; where its notifications go is not said here."""

    reference_id: str
    asked: SubscriptionWanted | Refusal


@dataclass(frozen=True, slots=True)
class SubscribeMessage:
    """Subscriptions wanted together."""

    transaction_id: str
    items: tuple[SubscribeItem, ...]


@dataclass(frozen=True, slots=True)
class UnsubscribeMessage:
    """Subscriptions that shall end."""

    transaction_id: str
    codes: tuple[str, ...]
    refusal: Refusal | None


class TxnType(StrEnum):
    """Which kind of earlier message a status is asked about."""

    SEARCH = "search"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    """Known to the document of the civil register only."""
    RECEIPT = "receipt"
    """Known to the document of the social register only."""


class TxnAttribute(StrEnum):
    """By what an earlier message is found."""

    TRANSACTION_ID = "transaction_id"
    REFERENCE_IDS = "reference_id_list"
    CORRELATION_ID = "correlation_id"


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A question about earlier messages of the same sender."""

    transaction_id: str
    reference_id: str
    txn_type: TxnType
    attribute: TxnAttribute
    values: tuple[str, ...]


Request: TypeAlias = SearchMessage | SubscribeMessage | UnsubscribeMessage | StatusMessage


def count_of(request: Request) -> int:
    """Return how many items a message carries, as its header must say."""
    if isinstance(request, SearchMessage | SubscribeMessage):
        return len(request.items)
    return len(request.codes) if isinstance(request, UnsubscribeMessage) else 1


def references_of(request: Request) -> list[str]:
    """Return the sender's references of the items of a message."""
    if isinstance(request, SearchMessage | SubscribeMessage):
        return [item.reference_id for item in request.items]
    return [request.reference_id] if isinstance(request, StatusMessage) else []


def read_search(message: JsonObject) -> SearchMessage:
    """Return the questions of a search message."""
    items = []
    seen: set[str] = set()
    for item, where in _items(message, "search_request"):
        reference_id = a_text(item, "reference_id", where)
        criteria = an_object(item.get("search_criteria"), f"{where}.search_criteria")
        a_text(criteria, "query_type", f"{where}.search_criteria")
        if "query" not in criteria:
            refuse_missing(f"{where}.search_criteria.query")
        refusal = _refusal(item, where, seen=seen)
        if not _is_placed(item, criteria, _SEARCH_NAMES):
            refusal = refusal or _CRITERIA
        locale = a_text_if_any(item, "locale")
        items.append(SearchItem(reference_id, refusal or _criteria(criteria, locale)))
    return SearchMessage(_transaction(message), tuple(items))


def read_subscribe(message: JsonObject) -> SubscribeMessage:
    """Return the subscriptions that a message wants."""
    items = []
    seen: set[str] = set()
    for item, where in _items(message, "subscribe_request"):
        reference_id = a_text(item, "reference_id", where)
        criteria = an_object(item.get("subscribe_criteria"), f"{where}.subscribe_criteria")
        a_text(criteria, "reg_event_type", f"{where}.subscribe_criteria")
        refusal = _refusal(item, where, seen=seen)
        if not _is_placed(item, criteria, _SUBSCRIBE_NAMES):
            refusal = refusal or _DETAILS
        items.append(SubscribeItem(reference_id, refusal or _wanted(criteria)))
    return SubscribeMessage(_transaction(message), tuple(items))


def read_unsubscribe(message: JsonObject) -> UnsubscribeMessage:
    """Return the codes of the subscriptions that a message ends."""
    codes = _bounded(message, "subscription_codes")
    for index, code in enumerate(codes):
        if not isinstance(code, str) or not 0 < len(code) <= CODE_CHARACTERS_MAX:
            refuse_missing(f"message.subscription_codes[{index}]")
    if "timestamp" not in message:
        refuse_missing("message.timestamp")
    refusal = _NO_INSTANT if an_instant(message["timestamp"]) is None else None
    # A code said twice is one subscription, but the header counts it twice.
    return UnsubscribeMessage(_transaction(message), tuple(map(str, codes)), refusal)


def read_status(message: JsonObject) -> StatusMessage:
    """Return the question about earlier messages; it is one object, not an array."""
    where = "message.txnstatus_request"
    asked = an_object(message.get("txnstatus_request"), where)
    try:
        txn_type = TxnType(a_text(asked, "txn_type", where))
        attribute = TxnAttribute(a_text(asked, "attribute_type", where))
    except ValueError:
        refuse_missing(f"{where}.txn_type or attribute_type")
    value = asked.get("attribute_value")
    values = [value] if isinstance(value, str) else an_array(value, f"{where}.attribute_value")
    texts = [text for text in values if isinstance(text, str) and text]
    if len(texts) != len(values) or not 0 < len(texts) <= ITEMS_MAX:
        refuse_missing(f"{where}.attribute_value")
    return StatusMessage(
        transaction_id=_transaction(message),
        reference_id=a_text(asked, "reference_id", where),
        txn_type=txn_type,
        attribute=attribute,
        values=tuple(texts),
    )


def _transaction(message: JsonObject) -> str:
    return a_text(message, "transaction_id", "message")


def _bounded(message: JsonObject, name: str) -> Sequence[JsonValue]:
    items = an_array(message.get(name), f"message.{name}")
    if not items:
        refuse_missing(f"message.{name}")
    if len(items) > ITEMS_MAX:
        text = f"A message carries at most {ITEMS_MAX} items; send more messages."
        raise DciFault(AckCode.BAD, text, reason=HeaderReason.TOTAL_COUNT_LIMIT_EXCEEDED)
    return items


def _items(message: JsonObject, name: str) -> list[tuple[JsonObject, str]]:
    return [
        (an_object(item, f"message.{name}[{index}]"), f"message.{name}[{index}]")
        for index, item in enumerate(_bounded(message, name))
    ]


def _refusal(item: JsonObject, where: str, *, seen: set[str]) -> Refusal | None:
    """Return why an item with every part is refused before anybody looks at its question."""
    if "timestamp" not in item:
        refuse_missing(f"{where}.timestamp")
    reference_id = str(item["reference_id"])
    if reference_id in seen:
        return _REPEATED
    seen.add(reference_id)
    return _NO_INSTANT if an_instant(item["timestamp"]) is None else None


def _is_placed(item: JsonObject, criteria: JsonObject, names: frozenset[str]) -> bool:
    """Return whether criteria have known names only, and none of these stands beside them."""
    return criteria.keys() <= names and names.isdisjoint(item)


def _criteria(criteria: JsonObject, locale: str | None) -> SearchCriteria | Refusal:
    sort = _sort(criteria.get("sort"))
    if sort is None:
        return _SORT
    page = _page(criteria.get("pagination"))
    if page is None:
        return _PAGE
    size, number = page
    return SearchCriteria(
        query_type=str(criteria["query_type"]),
        query=criteria["query"],
        reg_type=a_text_if_any(criteria, "reg_type"),
        reg_record_type=a_text_if_any(criteria, "reg_record_type"),
        response_entity=a_text_if_any(criteria, "response_entity"),
        sort=sort,
        page_size=size,
        page_number=number,
        locale=locale if locale and _LOCALE.fullmatch(locale) else None,
    )


def _sort(value: JsonValue) -> tuple[SortBy, ...] | None:
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    sorts = [_sort_by(item) for item in value]
    if len(sorts) > SORT_ATTRIBUTES_MAX or None in sorts:
        return None
    return tuple(sort for sort in sorts if sort is not None)


def _sort_by(item: JsonValue) -> SortBy | None:
    if not isinstance(item, Mapping) or not item.keys() <= _SORT_NAMES:
        return None
    attribute, order = item.get("attribute_name"), item.get("sort_order", "asc")
    if not isinstance(attribute, str) or order not in ("asc", "desc"):
        return None
    return SortBy(attribute, descending=order == "desc")


def _page(value: JsonValue) -> tuple[int | None, int] | None:
    if value is None or value == {}:
        return None, 1
    if not isinstance(value, Mapping) or not value.keys() <= _PAGE_NAMES:
        return None
    size, number = a_count(value.get("page_size")), a_count(value.get("page_number", 1))
    if size is None or number is None or size < 1 or number < 1:
        return None
    return size, number


def _wanted(criteria: JsonObject) -> SubscriptionWanted | Refusal:
    filter_type = a_text_if_any(criteria, "filter_type")
    if filter_type is not None and criteria.get("filter") is None:
        return _NO_FILTER
    frequency = criteria.get("frequency")
    starts_at = ends_at = schedule = None
    if frequency not in (None, {}, ""):
        period = frequency if isinstance(frequency, Mapping) else {}
        starts_at = an_instant(period.get("start_time"))
        ends_at = an_instant(period.get("end_time"))
        if starts_at is None or ends_at is None or ends_at <= starts_at:
            return _PERIOD
        if not period.keys() <= _PERIOD_NAMES:
            return _PERIOD
        schedule = a_text_if_any(period, "frequency")
    return SubscriptionWanted(
        event_type=str(criteria["reg_event_type"]),
        filter_type=filter_type,
        filter=criteria.get("filter"),
        reg_type=a_text_if_any(criteria, "reg_type"),
        notify_record_type=a_text_if_any(criteria, "notify_record_type"),
        starts_at=starts_at,
        ends_at=ends_at,
        frequency=schedule,
    )
