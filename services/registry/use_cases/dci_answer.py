"""Answer what a DCI message asks: the same answer, whether its sender waits for it or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.registry.domain.dci_answers import (
    Outcome,
    ids,
    outcome_of,
    search_answer,
    status_answer,
    subscribe_answer,
    unsubscribe_answer,
)
from services.registry.domain.dci_contract import (
    Asker,
    JsonValue,
    Refusal,
    Register,
    SearchCriteria,
    SearchPage,
    Subscribed,
    SubscriptionWanted,
    Unsubscribed,
)
from services.registry.domain.dci_envelope import Status
from services.registry.domain.dci_requests import (
    SearchMessage,
    StatusMessage,
    SubscribeMessage,
    UnsubscribeMessage,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_status import find_outcomes
from services.registry.use_cases.keep_subscriptions import (
    Wishes,
    add_subscriptions,
    admit_subscriptions,
    end_subscriptions,
)
from services.registry.use_cases.search_register import search_register
from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Exchange:
    """What every answer to a message shares with it."""

    register: Register
    correlation_id: str
    """Our name for the message: the same in its acknowledgement and in every answer."""
    asker: Asker


@dataclass(frozen=True, slots=True)
class Answer:
    """The member `message` of an answer, and what is kept of it for questions about its status."""

    message: Mapping[str, JsonValue]
    outcomes: tuple[Outcome, ...] = ()


async def answer_search(
    asked: SearchMessage, exchange: Exchange, *, using: Collaborators
) -> Answer:
    """Return the answer to a search; what it discloses is in the access log by then."""
    criteria = [item.asked for item in asked.items if isinstance(item.asked, SearchCriteria)]
    register, asker = exchange.register, exchange.asker
    found = iter(
        await search_register(register, criteria, asker=asker, using=using) if criteria else ()
    )
    answers: list[tuple[str, SearchPage | Refusal]] = [
        (item.reference_id, item.asked if isinstance(item.asked, Refusal) else next(found))
        for item in asked.items
    ]
    at = using.clock.now()
    return Answer(
        {
            **ids(asked.transaction_id, exchange.correlation_id),
            "search_response": search_answer(register, answers, at=at),
        },
        tuple(outcome_of(reference_id, answer, at=at) for reference_id, answer in answers),
    )


async def admit_wishes(
    asked: SubscribeMessage, exchange: Exchange, *, uri: str, using: Collaborators
) -> Wishes | None:
    """Let pass what a message wishes for, before a transaction is open; None if that is nothing.

    Args:
        asked: What is wanted.
        exchange: Of which register, and by whom.
        uri: Where their notifications go.
        using: The registry's means.
    """
    wanted = [
        replace(item.asked, notify_uri=uri)
        for item in asked.items
        if isinstance(item.asked, SubscriptionWanted)
    ]
    if not wanted:
        return None
    return await admit_subscriptions(exchange.register, wanted, asker=exchange.asker, using=using)


async def answer_subscribe(
    tx: Transaction,
    asked: SubscribeMessage,
    wishes: Wishes | None,
    exchange: Exchange,
    *,
    using: Collaborators,
) -> Answer:
    """Add subscriptions, and return the answer.

    Args:
        tx: The transaction in which they come into force, and which queues the answer.
        asked: What is wanted.
        wishes: What of it was admitted.
        exchange: Of which register, and by whom.
        using: The registry's means.
    """
    added = iter(() if wishes is None else await add_subscriptions(tx, wishes, using=using))
    answers: list[tuple[str, Subscribed | Refusal]] = [
        (item.reference_id, item.asked if isinstance(item.asked, Refusal) else next(added))
        for item in asked.items
    ]
    at = using.clock.now()
    return Answer(
        {
            **ids(asked.transaction_id, exchange.correlation_id),
            "subscribe_response": subscribe_answer(answers, at=at),
        },
        tuple(outcome_of(reference_id, answer, at=at) for reference_id, answer in answers),
    )


async def answer_unsubscribe(
    tx: Transaction, asked: UnsubscribeMessage, exchange: Exchange, *, using: Collaborators
) -> Answer:
    """End subscriptions, and return the answer."""
    answers: Sequence[Unsubscribed | Refusal]
    if asked.refusal is None:
        answers = await end_subscriptions(
            tx, exchange.register, asked.codes, asker=exchange.asker, using=using
        )
    else:
        answers = [asked.refusal] * len(asked.codes)
    at = using.clock.now()
    return Answer(
        {
            **ids(asked.transaction_id, exchange.correlation_id),
            **unsubscribe_answer(answers, at=at),
        },
        # A code is all that this message has for a reference.
        tuple(
            outcome_of(code, answer, at=at)
            for code, answer in zip(asked.codes, answers, strict=True)
        ),
    )


async def answer_status(
    tx: Transaction, asked: StatusMessage, exchange: Exchange, *, using: Collaborators
) -> Answer:
    """Return what became of earlier messages of the same client."""
    found = await find_outcomes(
        tx, exchange.register, asked, client=exchange.asker.client, using=using
    )
    status = status_answer(
        asked.txn_type,
        () if found is None else found.outcomes,
        transaction_id=asked.transaction_id if found is None else found.transaction_id,
        correlation_id=exchange.correlation_id if found is None else found.correlation_id,
    )
    at = using.clock.now()
    return Answer(
        {**ids(asked.transaction_id, exchange.correlation_id), "txnstatus_response": status},
        (Outcome(asked.reference_id, Status.SUCCEEDED, at),),
    )
