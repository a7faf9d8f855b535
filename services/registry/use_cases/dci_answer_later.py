"""Answer DCI messages that were acknowledged: the answer is queued as a callback."""

from urllib.parse import urlsplit, urlunsplit

import structlog

from services.registry.domain.dci_answers import (
    Outcome,
    ids,
    status_answer,
    unsubscribe_answer,
)
from services.registry.domain.dci_contract import Asker, JsonValue, Register
from services.registry.domain.dci_envelope import ANSWER_TO, Action, Envelope, Status
from services.registry.domain.dci_errors import DciFault, HeaderReason
from services.registry.domain.dci_requests import (
    Request,
    SearchMessage,
    SubscribeMessage,
    UnsubscribeMessage,
    count_of,
    references_of,
)
from services.registry.storage.dci_callbacks import add_callbacks
from services.registry.storage.dci_messages import WaitingMessage, claim_message, settle_message
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_answer import (
    Answer,
    Exchange,
    admit_wishes,
    answer_search,
    answer_status,
    answer_subscribe,
    answer_unsubscribe,
)
from services.registry.use_cases.dci_compose import Addressed, Composed, as_callback
from services.registry.use_cases.dci_sealing import open_request, seal_outcomes
from services.registry.use_cases.dci_take_message import read_request
from shared.kernel.errors import DomainError
from shared.storage.database import Transaction
from shared.storage.sealed import UnsealError

log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 5
"""After so many failures a message is refused, so that its sender does not wait for ever."""


class _ClaimLostError(Exception):
    """Another process answers this message by now."""


async def answer_next_message(*, using: Collaborators) -> bool:
    """Answer the message that waits longest; False if none does."""
    async with using.database.transaction() as tx:
        waiting = await claim_message(tx)
    if waiting is None:
        return False
    try:
        await _answer(waiting, using=using)
    except _ClaimLostError:
        log.warning("dci-claim-lost", action=waiting.action)
    return True


async def _answer(waiting: WaitingMessage, *, using: Collaborators) -> None:
    try:
        body = open_request(waiting.request_sealed, message_key=waiting.message_key, using=using)
        envelope, request = read_request(body, Action(waiting.action))
    except (UnsealError, DciFault) as error:
        log.exception("dci-message-unreadable", action=waiting.action, reason=type(error).__name__)
        await _set_aside(waiting, using=using)
        return
    if waiting.attempts > ATTEMPTS_MAX:
        log.error("dci-message-refused", action=waiting.action, attempts=waiting.attempts)
        await _refuse(waiting, envelope, request, using=using)
        return
    try:
        await _answer_or_fail(waiting, envelope, request, using=using)
    except DomainError as error:
        # What is agreed with the client, or left of its day, does not cover this any more: it is
        # told so, and may ask again; nobody keeps its message until that changes.
        log.warning("dci-message-refused", action=waiting.action, code=error.code)
        await _refuse(waiting, envelope, request, using=using)


async def _set_aside(waiting: WaitingMessage, *, using: Collaborators) -> None:
    """Give up a message that cannot be opened: not even its sender's address is known."""
    async with using.database.transaction() as tx:
        await settle_message(tx, waiting, state="failed", outcome_sealed=None, at=using.clock.now())


async def _answer_or_fail(
    waiting: WaitingMessage, envelope: Envelope, request: Request, *, using: Collaborators
) -> None:
    exchange = _exchange(waiting)
    if isinstance(request, SearchMessage):
        # It commits the access log by itself, before anything of the answer is kept.
        found = await answer_search(request, exchange, using=using)
        async with using.database.transaction() as tx:
            await _keep(tx, waiting, envelope, request, found, using=using)
    elif isinstance(request, SubscribeMessage):
        await _subscribe(waiting, envelope, request, using=using)
    else:
        async with using.database.transaction() as tx:
            if isinstance(request, UnsubscribeMessage):
                found = await answer_unsubscribe(tx, request, exchange, using=using)
            else:
                found = await answer_status(tx, request, exchange, using=using)
            await _keep(tx, waiting, envelope, request, found, using=using)


async def _subscribe(
    waiting: WaitingMessage, envelope: Envelope, asked: SubscribeMessage, *, using: Collaborators
) -> None:
    exchange, uri = _exchange(waiting), notify_uri(envelope.sender_uri or "")
    wishes = await admit_wishes(asked, exchange, uri=uri, using=using)
    try:
        async with using.database.transaction() as tx:
            found = await answer_subscribe(tx, asked, wishes, exchange, using=using)
            await _keep(tx, waiting, envelope, asked, found, using=using)
    except BaseException:
        if wishes is not None:
            # The next attempt spends as much again.
            wishes.give_back(using=using)
        raise


async def _keep(
    tx: Transaction,
    waiting: WaitingMessage,
    envelope: Envelope,
    request: Request,
    found: Answer,
    *,
    using: Collaborators,
) -> None:
    composed = Composed(
        action=ANSWER_TO[Action(waiting.action)],
        message=found.message,
        receiver_id=waiting.sender_id,
        items=count_of(request),
    )
    outcome = seal_outcomes(
        request.transaction_id, found.outcomes, message_key=waiting.message_key, using=using
    )
    await _settle(tx, waiting, envelope, composed, outcome=outcome, using=using)


async def _refuse(
    waiting: WaitingMessage, envelope: Envelope, request: Request, *, using: Collaborators
) -> None:
    """Answer that nothing of a message is done, in the header: there is no code for its items."""
    at = using.clock.now()
    exchange = _exchange(waiting)
    message: dict[str, JsonValue] = ids(request.transaction_id, exchange.correlation_id)
    if isinstance(request, SearchMessage):
        message["search_response"] = []
    elif isinstance(request, SubscribeMessage):
        message["subscribe_response"] = []
    elif isinstance(request, UnsubscribeMessage):
        message |= unsubscribe_answer([], at=at) | {"status": Status.REJECTED}
    else:
        message["txnstatus_response"] = status_answer(
            request.txn_type,
            (),
            transaction_id=request.transaction_id,
            correlation_id=exchange.correlation_id,
        )
    composed = Composed(
        action=ANSWER_TO[Action(waiting.action)],
        message=message,
        receiver_id=waiting.sender_id,
        items=count_of(request),
        status=Status.REJECTED,
        reason=HeaderReason.ERRORS_TOO_MANY,
        reason_message="The message could not be answered; nothing of it was done.",
    )
    outcomes = [Outcome(reference, Status.REJECTED, at) for reference in references_of(request)]
    outcome = seal_outcomes(
        request.transaction_id, outcomes, message_key=waiting.message_key, using=using
    )
    async with using.database.transaction() as tx:
        await _settle(tx, waiting, envelope, composed, outcome=outcome, using=using)


async def _settle(
    tx: Transaction,
    waiting: WaitingMessage,
    envelope: Envelope,
    composed: Composed,
    *,
    outcome: bytes,
    using: Collaborators,
) -> None:
    """Keep what became of a message and queue its answer: both or neither."""
    refused = composed.reason is not None
    kept = await settle_message(
        tx,
        waiting,
        state="failed" if refused else "answered",
        outcome_sealed=outcome,
        at=using.clock.now(),
    )
    if not kept:
        raise _ClaimLostError
    to = Addressed(
        client=waiting.client,
        register=Register(waiting.register_name),
        uri=envelope.sender_uri or "",
        message_key=waiting.message_key,
    )
    await add_callbacks(tx, [as_callback(composed, to, using=using)])


def _exchange(waiting: WaitingMessage) -> Exchange:
    asker = Asker(
        client=waiting.client,
        sender_id=waiting.sender_id,
        purpose=waiting.purpose or "",
        regions=tuple(waiting.regions),
        programmes=tuple(waiting.programmes),
    )
    return Exchange(Register(waiting.register_name), waiting.message_key.hex, asker)


def notify_uri(sender_uri: str) -> str:
    """Return where the notifications of a subscription go.

    The standard gives them a path of their own and no member to state it in. A sender that follows
    its layout states `.../on-subscribe`, beside which `.../notify` stands; any other address is
    used as it is.
    """
    parts = urlsplit(sender_uri)
    folder, slash, last = parts.path.rpartition("/")
    if last != Action.ON_SUBSCRIBE:
        return sender_uri
    return urlunsplit(parts._replace(path=f"{folder}{slash}{Action.NOTIFY}"))
