"""The broker port over RabbitMQ: a topic exchange and quorum queues, with confirms.

Only what RabbitMQ 3.10 and 4.x have in common is used: explicit delivery limits, a dead-letter
exchange, per-consumer prefetch, durable queues.
"""

from collections.abc import Sequence
from uuid import UUID

import aio_pika
import structlog
from aio_pika.abc import (
    AbstractChannel,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractRobustConnection,
    DeliveryMode,
)
from aio_pika.exceptions import AMQPError, DeliveryError

from shared.messaging.broker import (
    DELIVERIES_MAX,
    DeadLetter,
    Message,
    PoisonError,
    Receive,
    UnroutableError,
)
from shared.messaging.envelope import CONTENT_TYPE

log = structlog.get_logger(__name__)

EVENTS_EXCHANGE = "sanad.events"
DEAD_EXCHANGE = "sanad.dead-letters"
# Looking at a dead letter counts as a delivery; RabbitMQ 4 would drop it after twenty looks.
DEAD_DELIVERY_LIMIT = 1_000_000
CONFIRM_SECONDS = 30.0


class RabbitMqBroker:
    """Implements the broker port on one robust connection."""

    def __init__(self, connection: AbstractRobustConnection, channel: AbstractChannel) -> None:
        """Take what `connect` opened."""
        self._connection = connection
        self._channel = channel
        self._events: AbstractExchange | None = None
        self._consuming: list[tuple[AbstractChannel, str, str]] = []

    @classmethod
    async def connect(cls, url: str) -> "RabbitMqBroker":
        """Connect and open the publishing channel; later losses are reconnected."""
        connection = await aio_pika.connect_robust(url)
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        broker = cls(connection, channel)
        broker._events = await channel.declare_exchange(EVENTS_EXCHANGE, "topic", durable=True)
        return broker

    async def declare(self, queue: str, types: Sequence[str]) -> None:
        """Declare a quorum queue, its bindings, and its dead-letter queue."""
        dead = await self._channel.declare_exchange(DEAD_EXCHANGE, "direct", durable=True)
        buried = await self._channel.declare_queue(
            dead_queue(queue),
            durable=True,
            arguments={"x-queue-type": "quorum", "x-delivery-limit": DEAD_DELIVERY_LIMIT},
        )
        await buried.bind(dead, routing_key=queue)
        declared = await self._channel.declare_queue(
            queue,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERIES_MAX - 1,
                "x-dead-letter-exchange": DEAD_EXCHANGE,
                "x-dead-letter-routing-key": queue,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        for event_type in types:
            await declared.bind(self._exchange, routing_key=event_type)

    async def publish(self, message: Message) -> None:
        """Publish persistently and wait for the confirm of every bound queue.

        Raises:
            UnroutableError: No queue is bound to its type.
        """
        try:
            await self._exchange.publish(
                _to_amqp(message), routing_key=message.type, timeout=CONFIRM_SECONDS
            )
        except DeliveryError as error:
            text = "No queue is bound to this type of event."
            raise UnroutableError(text) from error

    async def subscribe(self, queue: str, receive: Receive, *, prefetch: int) -> None:
        """Consume a queue on a channel of its own."""
        channel = await self._connection.channel()
        await channel.set_qos(prefetch_count=prefetch)
        source = await channel.get_queue(queue)

        async def on_message(incoming: AbstractIncomingMessage) -> None:
            await _receive_and_settle(incoming, receive)

        tag = await source.consume(on_message)
        self._consuming.append((channel, queue, tag))

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Look at dead letters and put them back."""
        async with self._connection.channel() as channel:
            buried = await channel.get_queue(dead_queue(queue))
            seen: list[AbstractIncomingMessage] = []
            while len(seen) < limit:
                incoming = await buried.get(fail=False)
                if incoming is None:
                    break
                seen.append(incoming)
            letters = [
                DeadLetter(queue, _event_id(letter), letter.type or "", len(letter.body))
                for letter in seen
            ]
            for letter in reversed(seen):
                await letter.nack(requeue=True)
        return letters

    async def replay(self, queue: str, *, limit: int) -> int:
        """Publish dead letters to their own queue again, then let go of the buried ones."""
        async with self._connection.channel(
            publisher_confirms=True, on_return_raises=True
        ) as channel:
            buried = await channel.get_queue(dead_queue(queue))
            count = 0
            while count < limit:
                incoming = await buried.get(fail=False)
                if incoming is None:
                    break
                message = Message(_event_id(incoming), incoming.type or "", incoming.body)
                await channel.default_exchange.publish(
                    _to_amqp(message), routing_key=queue, timeout=CONFIRM_SECONDS
                )
                await incoming.ack()
                count += 1
        return count

    async def close(self) -> None:
        """Cancel the consumers, then close the connection; unacknowledged messages come again."""
        for channel, queue, tag in self._consuming:
            try:
                source = await channel.get_queue(queue, ensure=False)
                await source.cancel(tag)
            except AMQPError as error:
                log.warning("consumer-not-cancelled", queue=queue, reason=type(error).__name__)
        self._consuming.clear()
        await self._connection.close()

    @property
    def _exchange(self) -> AbstractExchange:
        if self._events is None:
            message = "The broker is not connected."
            raise RuntimeError(message)
        return self._events


def dead_queue(queue: str) -> str:
    """Return the name of a queue's dead-letter queue."""
    return f"{queue}.dead"


async def _receive_and_settle(incoming: AbstractIncomingMessage, receive: Receive) -> None:
    try:
        await receive(Message(_event_id(incoming), incoming.type or "", incoming.body))
    except PoisonError:
        log.warning("dead-letter", type=incoming.type, event_id=incoming.message_id)
        await incoming.reject(requeue=False)
    except Exception:  # whatever a consumer raises, the message must come again
        log.exception("delivery-failed", type=incoming.type)
        await incoming.nack(requeue=True)
    else:
        await incoming.ack()


def _to_amqp(message: Message) -> aio_pika.Message:
    return aio_pika.Message(
        body=message.body,
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=str(message.event_id),
        type=message.type,
    )


def _event_id(incoming: AbstractIncomingMessage) -> UUID:
    """Return the event's id, or the nil id for a message that states none."""
    try:
        return UUID(incoming.message_id or "")
    except ValueError:
        return UUID(int=0)
