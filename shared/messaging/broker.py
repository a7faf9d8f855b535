"""The broker port: what any carrier of events must do, in memory or over AMQP."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

DELIVERIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Message:
    """An event on the wire: its id, its type (the routing key), and its envelope."""

    event_id: UUID
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was delivered `DELIVERIES_MAX` times in vain, or could never be read."""

    queue: str
    event_id: UUID
    type: str
    body_bytes: int


Receive = Callable[[Message], Awaitable[None]]


class UnroutableError(Exception):
    """No queue is bound to the type; the outbox keeps the event."""


class PoisonError(Exception):
    """The message can never be handled; it goes to the dead letters at once."""


class Broker(Protocol):
    """Carries messages at least once to every queue bound to their type."""

    async def declare(self, queue: str, types: Sequence[str]) -> None:
        """Make a durable queue for these types, with its dead-letter queue; again is harmless."""
        ...

    async def publish(self, message: Message) -> None:
        """Return once every bound queue holds the message for good.

        Raises:
            UnroutableError: No queue is bound to its type.
        """
        ...

    async def subscribe(self, queue: str, receive: Receive, *, prefetch: int) -> None:
        """Hand each message of a queue to `receive`, at most `prefetch` at a time.

        A message is acknowledged when `receive` returns. When it raises, the message comes again,
        `DELIVERIES_MAX` times in all, and then is a dead letter; `PoisonError` makes it one at
        once.
        """
        ...

    async def dead_letters(self, queue: str, *, limit: int) -> list[DeadLetter]:
        """Return the queue's dead letters, oldest first, and leave them where they are."""
        ...

    async def replay(self, queue: str, *, limit: int) -> int:
        """Put dead letters back into their queue; return how many."""
        ...

    async def close(self) -> None:
        """Stop deliveries, let running ones end, and let go of every connection."""
        ...
