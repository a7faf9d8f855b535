"""What the transport of the DCI standard and the registers behind it say to each other.

The transport (`dci_envelope`, `dci_signatures`, the routes and callbacks) knows messages, senders
and deliveries; the registers know queries, records and subscriptions. Neither reads the other's
tables: these shapes pass between them. The registers answer `search_register`,
`admit_subscriptions`, `add_subscriptions` and `end_subscriptions`; the transport takes
`queue_notifications`.

Values of JSON are Python's own, except that a number with a fraction is a `Decimal` both ways: an
index must arrive as it was computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

JsonValue: TypeAlias = (
    str | int | Decimal | bool | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)
JsonObject: TypeAlias = Mapping[str, JsonValue]

CODE_CHARACTERS_MAX = 99


class Register(StrEnum):
    """Which register a message is for; the values are those of its address."""

    SOCIAL = "social"
    CIVIL = "crvs"

    @property
    def reg_type(self) -> str:
        """Return the register's name as messages state it."""
        return "ns:org:RegistryType:Social" if self is Register.SOCIAL else _CIVIL


_CIVIL = "ns:org:RegistryType:Civil"


class Reason(StrEnum):
    """Codes of the standard for an item that is refused; no other is ever sent."""

    REFERENCE_INVALID = "rjct.reference_id.invalid"
    REFERENCE_DUPLICATE = "rjct.reference_id.duplicate"
    TIMESTAMP_INVALID = "rjct.timestamp.invalid"
    # Of a search.
    CRITERIA_INVALID = "rjct.search_criteria.invalid"
    FILTER_INVALID = "rjct.filter.invalid"
    SORT_INVALID = "rjct.sort.invalid"
    PAGINATION_INVALID = "rjct.pagination.invalid"
    TOO_MANY_RECORDS = "rjct.search.too_many_records_found"
    # Of a subscription.
    NOTIFY_TYPES_INVALID = "rjct.notify_types.invalid"
    NOTIFY_DETAILS_INVALID = "rjct.notify_details.invalid"
    PERSON_INVALID = "rjct.person_id.invalid"
    ALREADY_SUBSCRIBED = "rjct.event.already_subscribed"
    # Of the end of one.
    SUBSCRIPTION_CODE_INVALID = "rjct.subscription_code.invalid"
    REQUESTER_INVALID = "rjct.requester.invalid"
    ALREADY_UNSUBSCRIBED = "rjct.event.already_unsubscribed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one item of a message is not done; the message never repeats what was sent."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom an answer goes to, and what they may see.

    The same asker is served by an api process, whose role row-level security binds, and later by a
    worker, whose role it does not bind: SQL on an asker's behalf states `regions` itself.
    """

    client: str
    """The subject of the access token; partner policies are kept by it."""
    sender_id: str
    """The name the partner goes by in messages."""
    purpose: str
    regions: tuple[str, ...]
    """Codes of regions, or `("*",)`."""
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SortBy:
    """One attribute that a page is sorted by."""

    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True)
class SearchCriteria:
    """One item of a search message, read from its envelope and not yet understood.

    The transport has checked that these members are there and of these types; what they mean, and
    whether an attribute, an operator or a page exists, is for the register to say.
    """

    query_type: str
    query: JsonValue
    reg_type: str | None = None
    reg_record_type: str | None = None
    response_entity: str | None = None
    sort: tuple[SortBy, ...] = ()
    page_size: int | None = None
    """None if the message names no page; then the register chooses."""
    page_number: int = 1
    locale: str | None = None
    """ISO 639-2, such as `ara`."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The records of one page, mapped, limited to what the asker's policy allows, and logged.

    An unknown identifier is an empty page, not a refusal.
    """

    reg_record_type: str
    records: Sequence[JsonObject]
    page_size: int
    page_number: int
    total_count: int


@dataclass(frozen=True, slots=True)
class SubscriptionWanted:
    """One item of a subscribe message."""

    event_type: str
    filter_type: str | None
    filter: JsonValue
    """None if the message has none: every event of this type within the asker's regions."""
    reg_type: str | None = None
    notify_record_type: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    frequency: str | None = None
    """A cron expression: when to be told. None has it told as it happens."""
    notify_uri: str = ""
    """Where notifications go, already held against the partner's registered hosts. It is stored by
    the register with the subscription (it may be stored in clear: its host is registered)."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that is in force."""

    code: str
    """At most `CODE_CHARACTERS_MAX` characters; made by the register."""


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """A subscription that has ended."""

    code: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One event that one subscription waits for; the disclosure is logged by who makes this."""

    notification_id: UUID
    """The reference of the item in the notify message."""
    register: Register
    client: str
    sender_id: str
    """The partner's name in messages, as `Asker.sender_id` said when it subscribed."""
    notify_uri: str
    event_type: str
    """The code as this register's document spells it on the wire."""
    reg_record_type: str
    record: JsonObject
    """One object: a notify message has no array here, unlike a search."""


NOTIFICATIONS_MAX = 500
"""So many notifications are queued at once, at most."""
