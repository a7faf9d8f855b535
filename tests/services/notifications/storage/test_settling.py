"""A message settles when all its parts are answered, and as its least part says."""

import pytest

from services.notifications.domain.messages import MessageState, PartState
from services.notifications.storage.messages import MessageKey, settle
from services.notifications.storage.receipts import AnsweredPart, insert_parts
from services.notifications.use_cases.record_answers import PROVEN
from tests.services.notifications.conftest import PROVIDER, REGION, Notifications

UNANSWERED = MessageState.SUBMITTING


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ([], UNANSWERED),
        ([PartState.DELIVERED], UNANSWERED),
        ([PartState.DELIVERED, PartState.SUBMITTED], MessageState.SUBMITTED),
        ([PartState.REJECTED, PartState.ENROUTE], MessageState.SUBMITTED),
        ([PartState.DELIVERED, PartState.DELIVERED], MessageState.DELIVERED),
        ([PartState.DELIVERED, PartState.UNDELIVERED], MessageState.UNDELIVERED),
        ([PartState.EXPIRED, PartState.REJECTED], MessageState.EXPIRED),
    ],
)
async def test_a_message_is_what_its_least_part_proves_once_all_are_answered(
    notifications: Notifications, parts: list[PartState], state: MessageState
) -> None:
    key = await a_claimed_message(notifications)
    await answer_and_settle(notifications, key, parts)
    assert await notifications.states() == [state]


async def test_a_message_that_never_left_is_not_settled_by_parts(
    notifications: Notifications,
) -> None:
    key = await a_claimed_message(notifications, state=MessageState.SUPPRESSED)
    await answer_and_settle(notifications, key, [PartState.DELIVERED, PartState.DELIVERED])
    assert await notifications.states() == [MessageState.SUPPRESSED]


async def a_claimed_message(
    notifications: Notifications, *, state: MessageState = UNANSWERED
) -> MessageKey:
    """Make a message of two parts that stands in `state`."""
    await notifications.queue()
    async with notifications.collaborators.database.transaction() as tx:
        await tx.execute("UPDATE message SET state = %s, parts_count = 2", (state.value,))
    message = (await notifications.messages())[0]
    return MessageKey(message["created_at"], message["message_id"])


async def answer_and_settle(
    notifications: Notifications, key: MessageKey, states: list[PartState]
) -> None:
    parts = [
        AnsweredPart(key, sequence, REGION, f"id-{sequence}", state, 0)
        for sequence, state in enumerate(states, start=1)
    ]
    now = notifications.clock.now()
    async with notifications.collaborators.database.transaction() as tx:
        await insert_parts(tx, parts, provider=PROVIDER, at=now)
        await settle(tx, {key}, proven=PROVEN, at=now)
