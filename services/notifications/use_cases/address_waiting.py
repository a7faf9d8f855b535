"""Giving messages that waited for a contact their language, text and place in the queue."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from services.notifications.domain.messages import MessageState
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.domain.sentences import Sentence
from services.notifications.storage.waiting import (
    Addressed,
    WaitingMessage,
    address_messages,
    waiting_messages,
)
from services.notifications.use_cases.announce_settled import announce_settled
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.tell_households import IN_THREAD_FROM, sealed_text
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns


async def address_waiting(
    tx: Transaction, household_ids: Sequence[UUID] | None, *, collaborators: Collaborators
) -> int:
    """Address the waiting messages of these households, or of all; return how many there were."""
    now = collaborators.clock.now()
    since = now - sending_rules().unsent_max
    waiting = await waiting_messages(tx, household_ids, since=since, now=now)
    if len(waiting) < IN_THREAD_FROM:
        addressed = _addressed(waiting, collaborators.sealed)
    else:
        addressed = await asyncio.to_thread(_addressed, waiting, collaborators.sealed)
    moved = await address_messages(tx, addressed, at=now)
    await announce_settled(tx, moved, at=now)
    return len(moved)


def _addressed(waiting: Sequence[WaitingMessage], sealed: SealedColumns) -> list[Addressed]:
    return [_address(message, sealed) for message in waiting]


def _address(message: WaitingMessage, sealed: SealedColumns) -> Addressed:
    if not message.has_phone:
        state = MessageState.SUPPRESSED.value
        return Addressed(message.key, state, message.language, text_sealed=None, parts_count=None)
    text_sealed, parts_count = sealed_text(
        [Sentence(**document) for document in message.sentences],
        language=message.language,
        message_id=message.key.message_id,
        sealed=sealed,
    )
    return Addressed(
        message.key, MessageState.QUEUED.value, message.language, text_sealed, parts_count
    )
