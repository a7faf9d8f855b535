"""Questions about single persons that arrive in the same few milliseconds share one transaction.

Why: a commit, and the statements around it, cost as much for twenty rows as for one. Whoever finds
nobody under way answers everything that waits; who comes meanwhile waits for the next turn. No
answer leaves before the transaction with its access log row has committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.registry.domain.policies import ConsentMissingError
from services.registry.storage.look_ups import (
    AnsweredQuestion,
    AnsweredQuestions,
    FoundPerson,
    StandingConsent,
    WholePerson,
    attributes_literal,
    find_persons,
    find_whole_persons,
    log_answers,
    read_standing_consents,
)
from shared.kernel.errors import DomainError
from shared.runtime.clock import Clock
from shared.runtime.ids import new_id_bytes
from shared.storage.database import Database, RowScope, Transaction
from shared.storage.sealed import UnsealError

QUESTIONS_TOGETHER_MAX = 64
TURNS_AT_ONCE_MAX = 1
"""Turns per scope that are under way at once; with two, turns are half as full and cost more."""
SCOPES_HELD_MAX = 1024
GATHER_SECONDS = 0.001
"""How long a turn waits for those whom the last one answered, who mostly ask again: without it,
every other turn would hold one question and cost as much as one of sixteen."""


class Subject(NamedTuple):
    """A person whom a question found."""

    person: FoundPerson
    whole: WholePerson | None
    """Only for questions that need it."""


class Answer(NamedTuple):
    """What one question is answered."""

    result: str
    """What the caller learns of the person, as the access log tells it."""
    value: Any
    """What the use case makes its own answer of."""
    household_id: UUID | None = None


class Question(NamedTuple):
    """One question about one person; it is judged between finding the person and logging it."""

    client: str
    purpose: str
    action: str
    attributes: tuple[str, ...]
    """What is asked about or for, sorted."""
    judge: Callable[[Subject], Answer]
    blinds: tuple[bytes, ...] = ()
    person_id: UUID | None = None
    whole: bool = False
    consent: bool = False
    """Whether the person must have consented to this client, purpose and attributes."""


@dataclass(slots=True, eq=False)
class _Waiting:
    question: Question
    answer: "asyncio.Future[Answer | _Lead | None]"


class _Lead:
    """Tells who waits that it is their turn to answer for all."""


_LEAD: Final = _Lead()


@dataclass(slots=True)
class _Queue:
    under_way: int = 0
    latest: int = 1
    """Questions of the turn that began last: about as many may come again."""
    waiting: deque[_Waiting] = field(default_factory=deque)


class AnswersTogether:
    """The questions that this process is answering, per regions that their callers may see."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._queues: dict[tuple[str, ...], _Queue] = {}

    async def ask(
        self, question: Question, *, regions: tuple[str, ...], database: Database, clock: Clock
    ) -> Answer | None:
        """Return the answer, its access log row committed; None if there is no such person.

        Raises:
            ConsentMissingError: The question needs a consent, and none is in force.
            UnsealError: What the registry keeps sealed of the person cannot be opened.
        """
        queue = self._queue(regions)
        mine = _Waiting(question, asyncio.get_running_loop().create_future())
        if queue.under_way >= TURNS_AT_ONCE_MAX:
            answer = await _turn(queue, mine)
            if not isinstance(answer, _Lead):
                return answer
        else:
            queue.under_way += 1
        turn = [mine]
        try:
            # Who was woken by the same event of the loop joins in, and who asks again.
            await asyncio.sleep(0)
            if len(queue.waiting) + 1 < queue.latest:
                await asyncio.sleep(GATHER_SECONDS)
            while queue.waiting and len(turn) < QUESTIONS_TOGETHER_MAX:
                turn.append(queue.waiting.popleft())
            queue.latest = len(turn)
            outcomes = await answer_all(
                [waiting.question for waiting in turn],
                regions=regions,
                database=database,
                clock=clock,
            )
        except asyncio.CancelledError:
            queue.waiting.extendleft(reversed(turn[1:]))
            raise
        except Exception as error:
            _settle(turn[1:], [error] * len(turn[1:]))
            raise
        finally:
            _pass_on(queue)
        _settle(turn[1:], outcomes[1:])
        own = outcomes[0]
        if isinstance(own, Exception):
            raise own
        return own

    def _queue(self, regions: tuple[str, ...]) -> _Queue:
        queue = self._queues.get(regions)
        if queue is None:
            if len(self._queues) >= SCOPES_HELD_MAX:
                idle = [key for key, held in self._queues.items() if not held.under_way]
                for key in idle:
                    del self._queues[key]
            queue = self._queues[regions] = _Queue()
        return queue


async def _turn(queue: _Queue, mine: _Waiting) -> Answer | _Lead | None:
    """Wait until somebody has answered, or until it is one's own turn to."""
    queue.waiting.append(mine)
    try:
        return await mine.answer
    except asyncio.CancelledError:
        if mine.answer.done() and not mine.answer.cancelled():
            if mine.answer.exception() is None and mine.answer.result() is _LEAD:
                _pass_on(queue)
        elif mine in queue.waiting:
            queue.waiting.remove(mine)
        raise


def _pass_on(queue: _Queue) -> None:
    """Give the turn that ends to who has waited longest, or let it end."""
    while queue.waiting:
        following = queue.waiting.popleft()
        if not following.answer.done():
            following.answer.set_result(_LEAD)
            return
    queue.under_way -= 1


def _settle(turn: Sequence[_Waiting], outcomes: Sequence[Answer | Exception | None]) -> None:
    for waiting, outcome in zip(turn, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Exception):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)


async def answer_all(
    questions: Sequence[Question],
    *,
    regions: tuple[str, ...],
    database: Database,
    clock: Clock,
) -> list[Answer | Exception | None]:
    """Answer every question and log it, in one transaction.

    A question that is refused by itself has its exception in place of an answer.
    """
    now, today = clock.now(), clock.today()
    async with database.transaction(RowScope(regions, ()), pipelined=True) as tx:
        subjects = await _find(tx, questions)
        consents = await _consents(tx, questions, subjects, on=today)
        outcomes: list[Answer | Exception | None] = []
        rows: list[AnsweredQuestion] = []
        for question, subject in zip(questions, subjects, strict=True):
            outcome, row = _judge(question, subject, consents)
            outcomes.append(outcome)
            if row is not None:
                rows.append(row)
        if rows:
            columns = AnsweredQuestions(*zip(*rows, strict=True))
            await log_answers(tx, columns, at=now, on=today)
    return outcomes


async def _find(tx: Transaction, questions: Sequence[Question]) -> list[Subject | None]:
    """Return whom each question is about, or None."""
    find = find_whole_persons if any(question.whole for question in questions) else _find_bare
    found = await find(
        tx,
        blinds=[blind for question in questions for blind in question.blinds],
        ids=[asked.person_id.bytes for asked in questions if asked.person_id is not None],
    )
    by_key: dict[bytes, Subject] = {}
    for person, whole in found:
        by_key[person.idcs_blind] = by_key[person.id_bytes] = Subject(person, whole)
    return [_first(question, by_key) for question in questions]


async def _find_bare(
    tx: Transaction, *, blinds: Sequence[bytes], ids: Sequence[bytes]
) -> list[tuple[FoundPerson, WholePerson | None]]:
    return [(person, None) for person in await find_persons(tx, blinds=blinds, ids=ids)]


def _first(question: Question, by_key: dict[bytes, Subject]) -> Subject | None:
    if question.person_id is not None:
        return by_key.get(question.person_id.bytes)
    # While index keys rotate a person stands under one of several blind indexes.
    return next((by_key[blind] for blind in question.blinds if blind in by_key), None)


async def _consents(
    tx: Transaction,
    questions: Sequence[Question],
    subjects: Sequence[Subject | None],
    *,
    on: date,
) -> list[StandingConsent]:
    needed = [
        (question.client, subject.person.id_bytes)
        for question, subject in zip(questions, subjects, strict=True)
        if question.consent and subject is not None
    ]
    if not needed:
        return []
    clients = sorted({client for client, _ in needed})
    return await read_standing_consents(tx, [id_ for _, id_ in needed], clients=clients, on=on)


def _judge(
    question: Question, subject: Subject | None, consents: Sequence[StandingConsent]
) -> tuple[Answer | Exception | None, AnsweredQuestion | None]:
    """Return what comes of a question, and the row that tells of it if anything was learnt."""
    consent_id = None
    if question.consent:
        consent = _given(question, subject, consents)
        if consent is None:
            # The same for somebody unknown: who is registered is not told by a refusal.
            message = "There is no consent of this person for this purpose and these attributes."
            return ConsentMissingError(message), None
        consent_id = consent.consent_id.bytes
    if subject is None:
        return None, None
    try:
        answer = question.judge(subject)
    except (DomainError, UnsealError) as error:
        return error, None
    household_id = answer.household_id
    return answer, AnsweredQuestion(
        new_id_bytes(),
        question.client,
        question.purpose,
        question.action,
        attributes_literal(question.attributes),
        answer.result,
        consent_id,
        subject.person.id_bytes,
        None if household_id is None else household_id.bytes,
        subject.person.region_code,
    )


def _given(
    question: Question, subject: Subject | None, consents: Sequence[StandingConsent]
) -> StandingConsent | None:
    """Return the consent that covers a question."""
    if subject is None:
        return None
    for consent in consents:
        if (consent.id_bytes, consent.client, consent.purpose) == (
            subject.person.id_bytes,
            question.client,
            question.purpose,
        ) and set(question.attributes) <= set(consent.attributes):
            return consent
    return None
