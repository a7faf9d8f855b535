"""Take a DCI message: read, from whom it says, signed as agreed, and kept once under its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from services.registry.domain.dci_answers import Outcome
from services.registry.domain.dci_contract import Asker, JsonObject, Register
from services.registry.domain.dci_envelope import (
    Action,
    Envelope,
    Status,
    check_total_count,
    read_envelope,
)
from services.registry.domain.dci_errors import AckCode, DciFault, HeaderReason
from services.registry.domain.dci_json import UnreadableJsonError, read_json
from services.registry.domain.dci_reading import refuse_missing
from services.registry.domain.dci_requests import (
    Request,
    StatusMessage,
    TxnType,
    count_of,
    read_search,
    read_status,
    read_subscribe,
    read_unsubscribe,
    references_of,
)
from services.registry.domain.dci_signatures import digest_of
from services.registry.domain.policies import DciPolicy
from services.registry.storage.dci_messages import NewMessage, add_message, find_message
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_sealing import (
    MESSAGE_FIELD,
    REFERENCE_FIELD,
    TRANSACTION_FIELD,
    seal_outcomes,
    seal_request,
)
from services.registry.use_cases.dci_signing import check_signature
from services.registry.use_cases.policies import policy_of
from shared.kernel.errors import ErrorKind
from shared.runtime.ids import new_id

_READERS: Mapping[Action, Callable[[JsonObject], Request]] = MappingProxyType(
    {
        Action.SEARCH: read_search,
        Action.SUBSCRIBE: read_subscribe,
        Action.UNSUBSCRIBE: read_unsubscribe,
        Action.TXN_STATUS: read_status,
    }
)
_UNKNOWN_TO = MappingProxyType(
    {Register.SOCIAL: TxnType.UNSUBSCRIBE, Register.CIVIL: TxnType.RECEIPT}
)
_DISCLOSING = frozenset({Action.SEARCH, Action.SUBSCRIBE})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who posts a message, as their token and headers say."""

    client: str
    purpose: str | None
    regions: tuple[str, ...]
    programmes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as it was posted."""

    register: Register
    action: Action
    body: bytes
    signature_header: str | None
    caller: Caller


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was read and found to be its sender's."""

    register: Register
    action: Action
    envelope: Envelope
    request: Request
    asker: Asker
    policy: DciPolicy


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A message that is kept and will be answered by a callback."""

    correlation_id: str
    at: datetime


def read_request(document: bytes, action: Action) -> tuple[Envelope, Request]:
    """Return the envelope of a body and what it asks for.

    Raises:
        DciFault: The body lacks something that the standard requires.
    """
    try:
        envelope = read_envelope(read_json(document), action)
    except UnreadableJsonError as error:
        raise DciFault(AckCode.BAD, str(error)) from error
    return envelope, _READERS[action](envelope.message)


async def open_message(posted: Posted, *, using: Collaborators) -> Taken:
    """Return a message that may be acted on.

    The order of the checks is what a caller learns first: syntax, then what was agreed, then the
    signature, and only then what the header means.

    Raises:
        DciFault: It lacks a part, is not from whom it says, or not for this house.
        PolicyMissingError: Nobody agreed with its client on anything.
        PurposeNotAgreedError: It discloses people for a purpose that was not agreed.
    """
    envelope, request = read_request(posted.body, posted.action)
    _check_known_to(posted.register, request)
    caller = posted.caller
    policy = await policy_of(caller.client, using=using)
    if policy.dci is None:
        message = "The policy of this client does not say that it exchanges such messages."
        raise DciFault(AckCode.FORBIDDEN, message, kind=ErrorKind.FORBIDDEN)
    if posted.action in _DISCLOSING:
        policy.purpose(caller.purpose)
    if envelope.sender_id != policy.dci.sender_id:
        message = "header.sender_id is not the name agreed with this client."
        raise DciFault(AckCode.SENDER_ID, message, kind=ErrorKind.FORBIDDEN)
    check_signature(
        envelope.signed,
        envelope.signature,
        body=posted.body,
        header=posted.signature_header,
        policy=policy.dci,
    )
    if envelope.receiver_id not in (None, using.dci.sender_id):
        # A message signed for somebody else must not be played again here.
        message = "header.receiver_id names somebody else."
        raise DciFault(AckCode.RECEIVER_ID, message)
    check_total_count(envelope, count_of(request))
    asker = Asker(
        client=caller.client,
        sender_id=envelope.sender_id,
        purpose=caller.purpose or "",
        regions=policy.within(caller.regions),
        programmes=caller.programmes,
    )
    return Taken(posted.register, posted.action, envelope, request, asker, policy.dci)


def _check_known_to(register: Register, request: Request) -> None:
    """Refuse what only the other register's document has: this one's has no answer to it."""
    if isinstance(request, StatusMessage) and request.txn_type is _UNKNOWN_TO[register]:
        refuse_missing("message.txnstatus_request.txn_type")


async def take_message(posted: Posted, *, using: Collaborators) -> Acknowledged:
    """Keep a message for a worker to answer; the same message again is the same one.

    Raises:
        DciFault: It is not taken; nothing of it is kept.
    """
    taken = await open_message(posted, using=using)
    check_callback_uri(taken.envelope.sender_uri, policy=taken.policy, using=using)
    message_key, at = await keep_message(taken, answered_at_once=False, using=using)
    return Acknowledged(message_key.hex, at)


async def keep_message(
    taken: Taken, *, answered_at_once: bool, using: Collaborators
) -> tuple[UUID, datetime]:
    """Keep a message under its name, and return its key; one that came before keeps its own.

    Raises:
        DciFault: The sender used the name before for another message.
    """
    at = using.clock.now()
    new = _new_message(taken, at=at, answered_at_once=answered_at_once, using=using)
    blinds = using.sealed.blinds(MESSAGE_FIELD, taken.envelope.message_id)
    state = "answering" if answered_at_once else "received"
    async with using.database.transaction() as tx:
        known = await find_message(
            tx, taken.asker.client, register=taken.register, message_blinds=blinds
        )
        if known is None and not await add_message(tx, new, state=state):
            known = await find_message(
                tx, taken.asker.client, register=taken.register, message_blinds=blinds
            )
    if known is None:
        return new.message_key, at
    if known.digest != new.digest:
        message = "header.message_id was used before for another message."
        raise DciFault(
            AckCode.BAD,
            message,
            kind=ErrorKind.CONFLICT,
            reason=HeaderReason.MESSAGE_ID_DUPLICATE,
        )
    return known.message_key, at


def _new_message(
    taken: Taken, *, at: datetime, answered_at_once: bool, using: Collaborators
) -> NewMessage:
    message_key = new_id()
    sealed = using.sealed
    references = references_of(taken.request)
    request = None
    if not answered_at_once:
        request = seal_request(taken.envelope.signed, message_key=message_key, using=using)
    received = [Outcome(reference, Status.RECEIVED, at) for reference in references]
    return NewMessage(
        message_key=message_key,
        client=taken.asker.client,
        register_name=taken.register,
        action=taken.action,
        sender_id=taken.asker.sender_id,
        message_blind=sealed.blind(MESSAGE_FIELD, taken.envelope.message_id),
        transaction_blind=sealed.blind(TRANSACTION_FIELD, taken.request.transaction_id),
        reference_blinds=[sealed.blind(REFERENCE_FIELD, reference) for reference in references],
        digest=digest_of(taken.envelope.signed),
        purpose=taken.asker.purpose or None,
        regions=list(taken.asker.regions),
        programmes=list(taken.asker.programmes),
        items=count_of(taken.request),
        request_sealed=request,
        outcome_sealed=seal_outcomes(
            taken.request.transaction_id, received, message_key=message_key, using=using
        ),
        received_at=at,
    )


def check_callback_uri(uri: str | None, *, policy: DciPolicy, using: Collaborators) -> str:
    """Return an address that callbacks may go to, unchanged.

    Why: whoever may choose any address makes this house call machines that only it can reach.

    Raises:
        DciFault: It is none, its host was not agreed, or the way there is not encrypted.
    """
    if uri is not None and _may_be_called(uri, policy=policy, using=using):
        return uri
    message = "header.sender_uri is not an https address on a host agreed with this client."
    raise DciFault(AckCode.SENDER_URI, message)


def _may_be_called(uri: str, *, policy: DciPolicy, using: Collaborators) -> bool:
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(' "<>\\^`{|}#')
    return (
        plain
        and host in policy.callback_hosts
        and parts.username is None
        and parts.password is None
        and _is_encrypted(parts, using=using)
    )


def _is_encrypted(parts: SplitResult, *, using: Collaborators) -> bool:
    if parts.scheme == "https":
        return True
    return using.dci.plain_callbacks and parts.scheme == "http" and parts.hostname in _LOOPBACK
