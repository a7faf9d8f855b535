"""From a transaction to its effect elsewhere: nothing lost, nothing twice."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar
from uuid import UUID

import pytest

from shared.messaging.broker import Broker, Message
from shared.messaging.consuming import SHAPE_CODE, STORAGE_CODE, Batch, Consumer, Subscription
from shared.messaging.envelope import ConsumedItem, PublishedItem, read_envelope
from shared.messaging.in_process import InProcessBroker
from shared.messaging.publishing import publish
from shared.messaging.relay import Relay
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.storage.database import RowScope, Transaction
from shared.storage.outbox import claim_events
from shared.testing.broker_contract import eventually
from shared.testing.databases import ServiceDatabases
from shared.testing.fixed_clock import FixedClock


class ThingHappened(PublishedItem):
    """What the little service promises."""

    TYPE: ClassVar[str] = "things.things-happened.v1"
    SUBJECT: ClassVar[str] = "thing_id"

    thing_id: UUID
    version: int
    note: str | int


class ThingSeen(ConsumedItem):
    """What the little service reads of it."""

    TYPE: ClassVar[str] = "things.things-happened.v1"
    SUBJECT: ClassVar[str] = "thing_id"

    thing_id: UUID
    version: int
    note: str


async def store(tx: Transaction, batch: Batch[ThingSeen]) -> None:
    """Keep the things of a batch, except those that are called 'refuse me'."""
    wanted = []
    for item in batch.items:
        if item.note == "refuse me":
            batch.reject(item, "things.unwanted")
        else:
            wanted.append(item)
    cursor = tx.cursor()
    await cursor.executemany(
        "INSERT INTO thing (thing_id, version, region_code, programme, note)"
        " VALUES (%s, %s, '01', 'asd', %s)",
        [(item.thing_id, item.version, item.note) for item in wanted],
    )


Handle = Callable[[Transaction, Batch[ThingSeen]], Awaitable[None]]


def consumer_on(
    things: ServiceDatabases, broker: Broker, *, handle: Handle = store, service: str = "things"
) -> Consumer:
    """Return a consumer of things."""
    return Consumer(service, things.worker, broker, Metrics(), [Subscription(ThingSeen, handle)])


def relay_on(things: ServiceDatabases, broker: Broker) -> Relay:
    """Return a relay of the little service's outbox."""
    return Relay("things", things.worker, broker, Metrics())


async def publish_notes(things: ServiceDatabases, clock: FixedClock, *notes: str | int) -> UUID:
    """Keep one event with an item per note."""
    items = [ThingHappened(thing_id=new_id(), version=1, note=note) for note in notes]
    async with things.worker.transaction(RowScope.everything()) as tx:
        return await publish(tx, items, source="/things", at=clock.now())


async def notes_stored(things: ServiceDatabases) -> list[str]:
    """Return the notes that arrived."""
    return [row["note"] for row in await things.rows("SELECT note FROM thing ORDER BY note")]


async def test_an_event_of_a_rolled_back_transaction_never_exists(
    things: ServiceDatabases, clock: FixedClock
) -> None:
    item = ThingHappened(thing_id=new_id(), version=1, note="lost")
    with pytest.raises(ZeroDivisionError):
        async with things.worker.transaction() as tx:
            await publish(tx, [item], source="/things", at=clock.now())
            raise ZeroDivisionError
    assert await things.value("SELECT count(*) FROM outbox") == 0


async def test_an_event_travels_from_outbox_to_effect(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    consumer = consumer_on(things, broker)
    await consumer.declare()
    await consumer.start()
    await publish_notes(things, clock, "one", "two")
    assert await relay_on(things, broker).relay_once()

    async def arrived() -> bool:
        return await notes_stored(things) == ["one", "two"]

    await eventually(arrived)
    assert await things.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


async def test_whoever_waits_for_an_effect_hears_of_it_once_it_is_committed(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    heard_early: list[bool] = []

    async def store_and_listen(tx: Transaction, batch: Batch[ThingSeen]) -> None:
        await store(tx, batch)
        heard_early.append(subscription.committed.is_set())

    subscription = Subscription(ThingSeen, store_and_listen)
    consumer = Consumer("things", things.worker, broker, Metrics(), [subscription])
    await publish_notes(things, clock, "one")
    (event,) = await claim_events(things.worker, limit=1)
    await consumer.apply(subscription, read_envelope(event.body))
    assert heard_early == [False]
    assert subscription.committed.is_set()
    assert await notes_stored(things) == ["one"]


async def test_a_crash_after_publishing_delivers_twice_and_acts_once(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    event_id = await publish_notes(things, clock, "once")
    (event,) = await claim_events(things.worker, limit=10)
    message = Message(event.event_id, event.type, event.body)
    consumer = consumer_on(things, broker)
    await consumer.declare()
    await broker.publish(message)
    # Here the relay died before it could mark the event; its claim runs out.
    async with things.worker.transaction() as tx:
        await tx.execute("UPDATE outbox SET claimed_until = now() - interval '1 second'")
    assert await relay_on(things, broker).relay_once()
    seen: list[UUID] = []

    async def store_and_count(tx: Transaction, batch: Batch[ThingSeen]) -> None:
        seen.append(batch.event_id)
        await store(tx, batch)

    delivered = 0
    await consumer_on(things, broker, handle=store_and_count).start()

    async def both_settled() -> bool:
        nonlocal delivered
        row = await things.rows("SELECT event_id FROM inbox")
        delivered = len(row)
        return delivered == 1 and await notes_stored(things) == ["once"]

    await eventually(both_settled)
    await broker.close()
    assert seen == [event_id]
    assert await notes_stored(things) == ["once"]


async def test_the_same_envelope_applied_twice_acts_once(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    await publish_notes(things, clock, "once")
    (event,) = await claim_events(things.worker, limit=1)
    consumer = consumer_on(things, broker)
    for _ in range(3):
        await consumer.apply(consumer.subscriptions[0], read_envelope(event.body))
    assert await notes_stored(things) == ["once"]


async def test_two_consumers_both_act_on_one_event(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    await publish_notes(things, clock, "for both")
    (event,) = await claim_events(things.worker, limit=1)
    envelope = read_envelope(event.body)
    seen: list[str] = []

    async def look(_tx: Transaction, batch: Batch[ThingSeen]) -> None:
        seen.extend(item.note for item in batch.items)

    for service in ("first", "second"):
        consumer = consumer_on(things, broker, handle=look, service=service)
        await consumer.apply(consumer.subscriptions[0], envelope)
    assert seen == ["for both", "for both"]


async def test_an_unroutable_event_stays_in_the_outbox_and_goes_when_somebody_listens(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    relay = relay_on(things, broker)
    await publish_notes(things, clock, "early")
    await relay.relay_once()
    (row,) = await things.rows("SELECT sent_at, attempts, last_error FROM outbox")
    assert (row["sent_at"], row["attempts"], row["last_error"]) == (None, 1, "UnroutableError")
    await consumer_on(things, broker).declare()
    async with things.worker.transaction() as tx:
        await tx.execute("UPDATE outbox SET claimed_until = NULL")
    await relay.relay_once()
    assert await things.value("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


async def test_bad_items_are_kept_with_their_reason_and_the_rest_is_applied(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    too_long = "x" * 21
    await publish_notes(things, clock, "good", 7, "refuse me", too_long, "also good")
    (event,) = await claim_events(things.worker, limit=1)
    consumer = consumer_on(things, broker)
    await consumer.apply(consumer.subscriptions[0], read_envelope(event.body))
    assert await notes_stored(things) == ["also good", "good"]
    rejected = await things.rows("SELECT item_index, code FROM rejected_item ORDER BY item_index")
    assert [(row["item_index"], row["code"]) for row in rejected] == [
        (1, SHAPE_CODE),
        (2, "things.unwanted"),
        (3, STORAGE_CODE),
    ]


async def test_a_failing_handler_leaves_neither_claim_nor_effect(
    things: ServiceDatabases, broker: InProcessBroker, clock: FixedClock
) -> None:
    await publish_notes(things, clock, "half")
    (event,) = await claim_events(things.worker, limit=1)

    async def store_then_fail(tx: Transaction, batch: Batch[ThingSeen]) -> None:
        await store(tx, batch)
        raise ZeroDivisionError

    consumer = consumer_on(things, broker, handle=store_then_fail)
    with pytest.raises(ZeroDivisionError):
        await consumer.apply(consumer.subscriptions[0], read_envelope(event.body))
    assert await notes_stored(things) == []
    assert await things.value("SELECT count(*) FROM inbox") == 0


async def test_what_is_no_envelope_becomes_a_dead_letter_at_once(
    things: ServiceDatabases, broker: InProcessBroker
) -> None:
    consumer = consumer_on(things, broker)
    await consumer.declare()
    await consumer.start()
    await broker.publish(Message(new_id(), ThingSeen.TYPE, b"{not json"))
    queue = f"things.{ThingSeen.TYPE}"

    async def buried() -> bool:
        return len(await broker.dead_letters(queue, limit=5)) == 1

    await eventually(buried)


async def test_two_relays_never_send_the_same_event(
    things: ServiceDatabases, clock: FixedClock
) -> None:
    for number in range(100):
        await publish_notes(things, clock, str(number))
    claims = await asyncio.gather(  # noqa: TID251 -- both must run at once
        *(claim_events(things.worker, limit=40) for _ in range(4))
    )
    positions = [event.position for claim in claims for event in claim]
    assert len(positions) == len(set(positions)) == 100


@pytest.mark.parametrize("items", [0, 501])
async def test_an_event_carries_one_to_five_hundred_items(
    things: ServiceDatabases, clock: FixedClock, items: int
) -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        await publish_notes(things, clock, *(str(number) for number in range(items)))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level("CRITICAL"):
        yield
