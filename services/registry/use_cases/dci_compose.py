"""Messages of this house: put together, queued as callbacks, signed when they leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.registry.domain.dci_contract import JsonObject, JsonValue, Register
from services.registry.domain.dci_envelope import Action, OutgoingHeader, Status
from services.registry.domain.dci_errors import HeaderReason
from services.registry.domain.dci_json import write_json
from services.registry.storage.dci_callbacks import NewCallback
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_sealing import seal_callback
from services.registry.use_cases.dci_signing import sign_body, sign_message
from shared.runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Composed:
    """A message of ours before it is signed: the members `message` and those of its header."""

    action: Action
    message: Mapping[str, JsonValue]
    receiver_id: str
    items: int
    status: Status = Status.SUCCEEDED
    reason: HeaderReason | None = None
    reason_message: str | None = None


@dataclass(frozen=True, slots=True)
class Addressed:
    """Where a callback goes, and which message it answers, if any."""

    client: str
    register: Register
    uri: str
    message_key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A message ready to leave: its body, and a signature over the bytes of it."""

    body: bytes
    signature_header: str


def with_header(composed: Composed, *, message_id: UUID, using: Collaborators) -> JsonObject:
    """Return header and message: what a signature covers."""
    header = OutgoingHeader(
        action=composed.action,
        message_id=message_id.hex,
        at=using.clock.now(),
        sender_id=using.dci.sender_id,
        receiver_id=composed.receiver_id,
        status=composed.status,
        total_count=composed.items,
        completed_count=0 if composed.reason is not None else composed.items,
        reason=composed.reason,
        reason_message=composed.reason_message,
    )
    return {"header": header.as_json(), "message": composed.message}


def signed(unsigned: JsonObject, *, using: Collaborators) -> Signed:
    """Return a message with both of its signatures: inside, and over the whole."""
    body = write_json({"signature": sign_message(unsigned, using=using), **unsigned})
    return Signed(body, sign_body(body, using=using))


def as_callback(composed: Composed, to: Addressed, *, using: Collaborators) -> NewCallback:
    """Return a message as it is queued: sealed, and unsigned since signatures grow old."""
    callback_id = new_id()
    unsigned = with_header(composed, message_id=callback_id, using=using)
    body_sealed, uri_sealed = seal_callback(
        write_json(unsigned), to.uri, callback_id=callback_id, using=using
    )
    return NewCallback(
        callback_id=callback_id,
        message_key=to.message_key,
        client=to.client,
        register_name=to.register,
        action=composed.action,
        uri_sealed=uri_sealed,
        body_sealed=body_sealed,
        created_at=using.clock.now(),
    )
