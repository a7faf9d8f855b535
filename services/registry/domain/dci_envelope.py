"""The envelope around every DCI message: lenient when read, strict when written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from services.registry.domain.dci_contract import JsonObject, JsonValue
from services.registry.domain.dci_errors import AckCode, DciFault, HeaderReason
from services.registry.domain.dci_reading import (
    TEXT_CHARACTERS_MAX,
    a_count,
    a_text,
    a_text_if_any,
    an_instant,
    an_object,
)

VERSION = "1.0.0"
REASON_CHARACTERS_MAX = 999
SIGNATURE_CHARACTERS_MAX = 8_192


class Action(StrEnum):
    """What a message asks for, or answers."""

    SEARCH = "search"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    TXN_STATUS = "txn-status"
    ON_SEARCH = "on-search"
    ON_SUBSCRIBE = "on-subscribe"
    ON_UNSUBSCRIBE = "on-unsubscribe"
    TXN_ON_STATUS = "txn-on-status"
    NOTIFY = "notify"


ANSWER_TO: Mapping[Action, Action] = MappingProxyType(
    {
        Action.SEARCH: Action.ON_SEARCH,
        Action.SUBSCRIBE: Action.ON_SUBSCRIBE,
        Action.UNSUBSCRIBE: Action.ON_UNSUBSCRIBE,
        Action.TXN_STATUS: Action.TXN_ON_STATUS,
    }
)


class Status(StrEnum):
    """How far a message or one of its items is."""

    RECEIVED = "rcvd"
    PENDING = "pdng"
    SUCCEEDED = "succ"
    REJECTED = "rjct"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it came, its header read."""

    message_id: str
    sender_id: str
    sender_uri: str | None
    receiver_id: str | None
    total_count: int
    signature: str | None
    signed: JsonObject
    """What a signature covers: the header and the message, and nothing else."""

    @property
    def message(self) -> JsonObject:
        """Return the part between the parties; the rest is for those who carry it."""
        return an_object(self.signed["message"], "message")


@dataclass(frozen=True, slots=True)
class OutgoingHeader:
    """What the header of our own messages says.

    It is the union of the two header types of the standard, so that it fits every one of its paths:
    on-subscribe and on-unsubscribe ask for the one of requests, the other callbacks for the other.
    """

    action: Action
    message_id: str
    at: datetime
    sender_id: str
    receiver_id: str | None
    """None where it is not known who asked."""
    status: Status
    total_count: int
    completed_count: int
    reason: HeaderReason | None = None
    reason_message: str | None = None

    def as_json(self) -> JsonObject:
        """Return the header as it goes out."""
        header: dict[str, JsonValue] = {
            "version": VERSION,
            "message_id": self.message_id,
            "message_ts": instant_text(self.at),
            "action": self.action,
            "status": self.status,
            "total_count": self.total_count,
            "completed_count": self.completed_count,
            "sender_id": self.sender_id,
            "is_msg_encrypted": False,
        }
        if self.receiver_id is not None:
            header["receiver_id"] = self.receiver_id
        if self.reason is not None:
            header["status_reason_code"] = self.reason
        if self.reason_message is not None:
            header["status_reason_message"] = self.reason_message[:REASON_CHARACTERS_MAX]
        return header


def instant_text(at: datetime) -> str:
    """Return an instant as messages state it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_envelope(document: JsonValue, action: Action) -> Envelope:
    """Return the envelope of a message that came to the address of `action`.

    Raises:
        DciFault: A part that every message has is missing, or it is for another address, of another
            version, or encrypted.
    """
    body = an_object(document, "the message")
    header = an_object(body.get("header"), "header")
    message = an_object(body.get("message"), "message")
    count = a_count(header.get("total_count"))
    envelope = Envelope(
        message_id=a_text(header, "message_id", "header"),
        sender_id=a_text(header, "sender_id", "header"),
        sender_uri=a_text_if_any(header, "sender_uri", characters_max=TEXT_CHARACTERS_MAX),
        receiver_id=a_text_if_any(header, "receiver_id"),
        total_count=-1 if count is None else count,
        signature=_signature(body),
        signed={"header": header, "message": message},
    )
    _check_header(header, action)
    return envelope


def check_total_count(envelope: Envelope, items: int) -> None:
    """Refuse a message whose header counts something else than its items.

    Why: a message cut off on its way, or put together from two, would be half done.
    """
    if envelope.total_count != items:
        message = "header.total_count is not the number of items in the message."
        raise DciFault(AckCode.BAD, message, reason=HeaderReason.TOTAL_COUNT_INVALID)


def _signature(body: JsonObject) -> str | None:
    value = body.get("signature")
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > SIGNATURE_CHARACTERS_MAX:
        message = "signature is not the text that the standard says it is."
        raise DciFault(AckCode.BAD, message)
    return value.strip() or None


def _check_header(header: JsonObject, action: Action) -> None:
    a_text(header, "action", "header")
    if header["action"] != action:
        message = "header.action is not the one of this address."
        raise DciFault(AckCode.BAD, message, reason=HeaderReason.ACTION_INVALID)
    if an_instant(header.get("message_ts")) is None:
        message = "header.message_ts is not an instant with its zone (RFC 3339)."
        raise DciFault(AckCode.BAD, message, reason=HeaderReason.MESSAGE_TS_INVALID)
    if a_count(header.get("total_count")) is None:
        message = "header.total_count is missing, or no whole number."
        raise DciFault(AckCode.BAD, message, reason=HeaderReason.TOTAL_COUNT_INVALID)
    if (a_text_if_any(header, "version") or VERSION) != VERSION:
        message = f"Only version {VERSION} of the standard is spoken here."
        raise DciFault(AckCode.VERSION, message, reason=HeaderReason.VERSION_INVALID)
    if header.get("is_msg_encrypted") not in (None, False, "false", ""):
        message = "Encrypted messages are not taken; the connection itself is encrypted."
        raise DciFault(AckCode.ENCRYPTION, message)
