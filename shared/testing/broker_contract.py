"""What every broker must do; each adapter's tests inherit this suite."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.messaging.broker import (
    DELIVERIES_MAX,
    Broker,
    Message,
    PoisonError,
    Receive,
    UnroutableError,
)
from shared.runtime.ids import new_id

WAIT_SECONDS = 60.0
TYPE = "testing.things-happened.v1"
OTHER_TYPE = "testing.others-happened.v1"


def a_message(body: bytes = b"{}", *, event_type: str = TYPE) -> Message:
    """Return a message with an id of its own."""
    return Message(new_id(), event_type, body)


class Inbox:
    """Collects what a consumer receives; may fail the first few times."""

    def __init__(self, *, failures: int = 0, error: type[Exception] = ValueError) -> None:
        """Fail `failures` times with `error` before accepting."""
        self.received: list[Message] = []
        self.accepted: list[Message] = []
        self._failures = failures
        self._error = error
        self._arrived = asyncio.Condition()

    async def receive(self, message: Message) -> None:
        """Take one delivery."""
        async with self._arrived:
            self.received.append(message)
            self._arrived.notify_all()
            if len(self.received) <= self._failures:
                message_text = "planned"
                raise self._error(message_text)
            self.accepted.append(message)
            self._arrived.notify_all()

    async def wait_for(self, condition: Callable[["Inbox"], bool]) -> None:
        """Wait until a condition on this inbox holds."""
        async with asyncio.timeout(WAIT_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: condition(self))


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `check` says yes."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not await check():  # noqa: ASYNC110 -- what changes is outside this process
            await asyncio.sleep(0.05)


class BrokerContract:
    """Claims that hold for every broker.

    Subclasses provide two fixtures: `broker`, with nothing in it, and `reopen`, which opens the
    same broker anew as after a restart.
    """

    async def test_a_message_reaches_every_queue_bound_to_its_type(self, broker: Broker) -> None:
        first, second, stranger = Inbox(), Inbox(), Inbox()
        await _listen(broker, "first", first.receive)
        await _listen(broker, "second", second.receive)
        await _listen(broker, "stranger", stranger.receive, event_type=OTHER_TYPE)
        sent = a_message(b'{"a": 1}')
        await broker.publish(sent)
        await first.wait_for(lambda inbox: inbox.accepted == [sent])
        await second.wait_for(lambda inbox: inbox.accepted == [sent])
        assert stranger.received == []

    async def test_what_was_published_before_anybody_listened_is_delivered(
        self, broker: Broker
    ) -> None:
        await broker.declare("late", [TYPE])
        sent = [a_message(str(number).encode()) for number in range(20)]
        for message in sent:
            await broker.publish(message)
        inbox = Inbox()
        await broker.subscribe("late", inbox.receive, prefetch=1)
        await inbox.wait_for(lambda inbox: len(inbox.accepted) == len(sent))
        assert inbox.accepted == sent

    async def test_an_event_that_nobody_is_bound_to_is_refused(self, broker: Broker) -> None:
        await broker.declare("other", [OTHER_TYPE])
        with pytest.raises(UnroutableError):
            await broker.publish(a_message())

    async def test_a_failed_delivery_comes_again(self, broker: Broker) -> None:
        inbox = Inbox(failures=2)
        await _listen(broker, "shaky", inbox.receive)
        sent = a_message()
        await broker.publish(sent)
        await inbox.wait_for(lambda inbox: inbox.accepted == [sent])
        assert [message.event_id for message in inbox.received] == [sent.event_id] * 3

    async def test_a_message_that_always_fails_becomes_a_dead_letter_and_others_go_on(
        self, broker: Broker
    ) -> None:
        good, bad = a_message(b"good"), a_message(b"bad")
        tries: list[bytes] = []
        inbox = Inbox()

        async def receive(message: Message) -> None:
            tries.append(message.body)
            if message.body == b"bad":
                text = "planned"
                raise ValueError(text)
            await inbox.receive(message)

        await _listen(broker, "mixed", receive)
        await broker.publish(bad)
        await broker.publish(good)
        await inbox.wait_for(lambda inbox: inbox.accepted == [good])

        async def is_dead() -> bool:
            return len(await broker.dead_letters("mixed", limit=10)) == 1

        await eventually(is_dead)
        (letter,) = await broker.dead_letters("mixed", limit=10)
        assert (letter.event_id, letter.type) == (bad.event_id, TYPE)
        assert tries.count(b"bad") == DELIVERIES_MAX

    async def test_poison_is_buried_at_once(self, broker: Broker) -> None:
        inbox = Inbox(failures=1, error=PoisonError)
        await _listen(broker, "poisoned", inbox.receive)
        await broker.publish(a_message())

        async def is_dead() -> bool:
            return len(await broker.dead_letters("poisoned", limit=10)) == 1

        await eventually(is_dead)
        assert len(inbox.received) == 1

    async def test_replayed_dead_letters_are_delivered_and_no_longer_listed(
        self, broker: Broker
    ) -> None:
        inbox = Inbox(failures=1, error=PoisonError)
        await _listen(broker, "replayed", inbox.receive)
        sent = a_message(b'{"kept": true}')
        await broker.publish(sent)

        async def is_dead() -> bool:
            return len(await broker.dead_letters("replayed", limit=10)) == 1

        await eventually(is_dead)
        assert await broker.replay("replayed", limit=10) == 1
        await inbox.wait_for(lambda inbox: inbox.accepted == [sent])
        assert await broker.dead_letters("replayed", limit=10) == []

    async def test_no_more_than_the_prefetch_is_handled_at_once(self, broker: Broker) -> None:
        running, most, done = 0, 0, 0
        full = asyncio.Event()

        async def receive(_message: Message) -> None:
            nonlocal running, most, done
            running += 1
            most = max(most, running)
            if running == 3:  # noqa: PLR2004 -- the prefetch
                full.set()
            await full.wait()
            await asyncio.sleep(0.02)
            running -= 1
            done += 1

        await broker.declare("crowded", [TYPE])
        for _ in range(12):
            await broker.publish(a_message())
        await broker.subscribe("crowded", receive, prefetch=3)

        async def all_done() -> bool:
            return done == 12  # noqa: PLR2004 -- as many as were sent

        await eventually(all_done)
        assert most == 3  # noqa: PLR2004 -- the prefetch

    async def test_what_was_not_acknowledged_survives_a_restart(
        self, broker: Broker, reopen: Callable[[], Awaitable[Broker]]
    ) -> None:
        started = asyncio.Event()

        async def never_ends(_message: Message) -> None:
            started.set()
            await asyncio.Event().wait()

        await broker.declare("durable", [TYPE])
        await broker.subscribe("durable", never_ends, prefetch=1)
        sent = a_message(b"kept")
        await broker.publish(sent)
        async with asyncio.timeout(WAIT_SECONDS):
            await started.wait()
        await broker.close()
        again = await reopen()
        inbox = Inbox()
        await _listen(again, "durable", inbox.receive)
        await inbox.wait_for(lambda inbox: inbox.accepted == [sent])


async def _listen(broker: Broker, queue: str, receive: Receive, *, event_type: str = TYPE) -> None:
    await broker.declare(queue, [event_type])
    await broker.subscribe(queue, receive, prefetch=1)
