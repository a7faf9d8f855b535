"""Making one message per household and business event, in the transaction that learnt of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.messages import MessageState, Stage, dedupe_key
from services.notifications.domain.segmentation import parts_count
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.domain.sentences import Sentence, written
from services.notifications.domain.transforms import Language
from services.notifications.storage.contacts import Reach, reach_of
from services.notifications.storage.messages import (
    TABLE,
    TEXT_COLUMN,
    DedupeClaim,
    MessageKey,
    Moved,
    NewMessage,
    claim_keys,
    insert_messages,
    withdraw,
)
from services.notifications.use_cases.announce_settled import announce_settled
from services.notifications.use_cases.collaborators import Collaborators
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns

IN_THREAD_FROM = 50


@dataclass(frozen=True, slots=True)
class Telling:
    """What one household is told at one stage, in no language yet.

    `event` names the business event for ever; `topics` say what a later message must be about to
    make this one untrue.
    """

    stage: Stage
    household_id: UUID
    region_code: str
    event: str
    topics: tuple[str, ...]
    sentences: tuple[Sentence, ...]

    @property
    def dedupe_key(self) -> str:
        """Return the key under which this is told once."""
        return dedupe_key(self.stage, household_id=self.household_id, event=self.event)


async def tell_households(
    tx: Transaction, tellings: Sequence[Telling], *, collaborators: Collaborators
) -> None:
    """Queue these tellings of one stage, and withdraw unsent ones that they make untrue.

    A household whose contact is not known yet keeps its message waiting; one that has no phone
    will not be told by SMS, which is announced at once.
    """
    if not tellings:
        return
    now = collaborators.clock.now()
    news = [(telling.household_id, telling.topics) for telling in tellings]
    withdrawn = await withdraw(
        tx, tellings[0].stage, news, at=now, since=now - sending_rules().unsent_max
    )
    messages = await _claimed_messages(tx, tellings, collaborators=collaborators, now=now)
    await insert_messages(tx, messages)
    settled = withdrawn + [
        _as_moved(message) for message in messages if message.state is MessageState.SUPPRESSED
    ]
    await announce_settled(tx, settled, at=now)
    made = collaborators.metrics.counter(
        "sanad_notifications_messages_made_total", "Messages made.", ("stage",)
    )
    made.labels(tellings[0].stage.value).inc(len(messages))


async def withdraw_untrue(
    tx: Transaction,
    stage: Stage,
    news: Sequence[tuple[UUID, tuple[str, ...]]],
    *,
    collaborators: Collaborators,
) -> None:
    """Withdraw unsent messages that stopped being true, without telling anything instead."""
    if not news:
        return
    now = collaborators.clock.now()
    since = now - sending_rules().unsent_max
    await announce_settled(tx, await withdraw(tx, stage, news, at=now, since=since), at=now)


async def _claimed_messages(
    tx: Transaction,
    tellings: Sequence[Telling],
    *,
    collaborators: Collaborators,
    now: datetime,
) -> list[NewMessage]:
    by_key = {telling.dedupe_key: telling for telling in tellings}
    claims = [
        DedupeClaim(key, MessageKey(now, new_id()), telling.region_code)
        for key, telling in by_key.items()
    ]
    taken = await claim_keys(tx, claims)
    reach = await reach_of(tx, [telling.household_id for telling in tellings])
    won = [(claim.key, by_key[claim.dedupe_key]) for claim in claims if claim.dedupe_key in taken]
    arguments = (won, reach, collaborators.sealed)
    if len(won) < IN_THREAD_FROM:
        return _messages(*arguments)
    return await asyncio.to_thread(_messages, *arguments)


def _messages(
    won: Sequence[tuple[MessageKey, Telling]],
    reach: Mapping[UUID, Reach],
    sealed: SealedColumns,
) -> list[NewMessage]:
    return [
        _message(key, telling, reach=reach.get(telling.household_id), sealed=sealed)
        for key, telling in won
    ]


def _message(
    key: MessageKey, telling: Telling, *, reach: Reach | None, sealed: SealedColumns
) -> NewMessage:
    state, language, text_sealed, parts = MessageState.AWAITING_CONTACT, None, None, None
    if reach is not None:
        language = reach.language
        state = MessageState.QUEUED if reach.has_phone else MessageState.SUPPRESSED
        if reach.has_phone:
            text_sealed, parts = sealed_text(
                telling.sentences, language=language, message_id=key.message_id, sealed=sealed
            )
    return NewMessage(
        key=key,
        region_code=telling.region_code,
        household_id=telling.household_id,
        stage=telling.stage,
        topics=telling.topics,
        sentences=telling.sentences,
        state=state,
        language=language,
        text_sealed=text_sealed,
        parts_count=parts,
        expires_at=key.created_at + sending_rules().unsent_max,
    )


def sealed_text(
    sentences: Sequence[Sentence], *, language: str, message_id: UUID, sealed: SealedColumns
) -> tuple[bytes, int]:
    """Return the sealed text of a message in `language`, and how many parts it needs."""
    text = written(sentences, language=Language(language))
    return (
        sealed.seal(text, table=TABLE, column=TEXT_COLUMN, row_id=message_id),
        parts_count(text),
    )


def _as_moved(message: NewMessage) -> Moved:
    return Moved(
        message_id=message.key.message_id,
        household_id=message.household_id,
        version=1,
        region_code=message.region_code,
        stage=message.stage.value,
        state=message.state,
    )
