"""Answer a DCI message whose sender waits: one search, or one question about earlier messages."""

from uuid import UUID

from services.registry.domain.dci_answers import Outcome
from services.registry.domain.dci_envelope import ANSWER_TO
from services.registry.domain.dci_requests import SearchMessage, StatusMessage, count_of
from services.registry.storage.dci_messages import settle_answered_at_once
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_answer import Answer, Exchange, answer_search, answer_status
from services.registry.use_cases.dci_compose import Composed, Signed, signed, with_header
from services.registry.use_cases.dci_sealing import seal_outcomes
from services.registry.use_cases.dci_take_message import (
    Posted,
    Taken,
    keep_message,
    open_message,
)
from shared.runtime.ids import new_id


async def answer_now(posted: Posted, *, using: Collaborators) -> Signed:
    """Return the signed answer to a message.

    It is kept under its name like every other, so that its status can be asked for, and a name used
    for two messages is noticed.

    Raises:
        DciFault: The message is not taken.
    """
    taken = await open_message(posted, using=using)
    message_key, _ = await keep_message(taken, answered_at_once=True, using=using)
    answer = await _answer(taken, message_key, using=using)
    await _remember(taken, message_key, answer.outcomes, using=using)
    composed = Composed(
        action=ANSWER_TO[taken.action],
        message=answer.message,
        receiver_id=taken.envelope.sender_id,
        items=count_of(taken.request),
    )
    return signed(with_header(composed, message_id=new_id(), using=using), using=using)


async def _answer(taken: Taken, message_key: UUID, *, using: Collaborators) -> Answer:
    exchange = Exchange(taken.register, message_key.hex, taken.asker)
    if isinstance(taken.request, SearchMessage):
        return await answer_search(taken.request, exchange, using=using)
    if not isinstance(taken.request, StatusMessage):
        message = "Only searches and questions about a status are answered at once."
        raise TypeError(message)
    async with using.database.transaction() as tx:
        return await answer_status(tx, taken.request, exchange, using=using)


async def _remember(
    taken: Taken, message_key: UUID, outcomes: tuple[Outcome, ...], *, using: Collaborators
) -> None:
    sealed = seal_outcomes(
        taken.request.transaction_id, outcomes, message_key=message_key, using=using
    )
    async with using.database.transaction() as tx:
        await settle_answered_at_once(tx, message_key, outcome_sealed=sealed, at=using.clock.now())
