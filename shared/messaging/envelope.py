"""CloudEvents 1.0 in structured JSON, whose data is a batch of items of one type."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ITEMS_MAX = 500
CONTENT_TYPE = "application/cloudevents+json"


class PublishedItem(BaseModel):
    """One subject's news as its owner promises it; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]


class ConsumedItem(BaseModel):
    """The few fields that a consumer reads; whatever else the owner adds is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]


class EventData(BaseModel):
    """The batch inside an envelope, its items still unread."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=ITEMS_MAX)


class Envelope(BaseModel):
    """The CloudEvents attributes this house uses."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: str = Field(pattern=r"^1\.0$")
    id: UUID
    source: str
    type: str = Field(min_length=3, max_length=120)
    time: datetime
    datacontenttype: str = Field(default="application/json")
    data: EventData


class UnreadableEventError(Exception):
    """The body is no CloudEvents envelope with a batch of items; it can never be applied."""


def read_envelope(body: bytes) -> Envelope:
    """Return the envelope in `body`.

    Raises:
        UnreadableEventError: It has another shape; the message does not repeat it.
    """
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        message = f"An event does not have the shape of an envelope ({error.error_count()} faults)."
        raise UnreadableEventError(message) from None


def write_envelope(
    items: list[PublishedItem], *, event_id: UUID, source: str, at: datetime
) -> bytes:
    """Return the structured JSON of one event.

    Args:
        items: 1 to `ITEMS_MAX` items of one type.
        event_id: The event's own id; consumers act once on it.
        source: The producer, as `/registry`.
        at: The business instant of what happened, in UTC.
    """
    rows = ",".join(item.model_dump_json() for item in items)
    head = (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{source}",'
        f'"type":"{items[0].TYPE}","time":"{at.isoformat()}",'
        f'"datacontenttype":"application/json","data":{{"items":['
    )
    return (head + rows + "]}}").encode()
