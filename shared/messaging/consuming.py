"""Consuming: an event's batch, its inbox claim and its effect stand in one transaction.

A permanently bad item is kept in `rejected_item` and the rest of its batch is applied. A database
that is away is waited for; anything else that fails is delivered again, and in the end is a dead
letter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from psycopg import DataError, IntegrityError, InterfaceError, OperationalError
from psycopg_pool import PoolTimeout
from pydantic import ValidationError

from shared.messaging.broker import Broker, Message, PoisonError
from shared.messaging.envelope import ConsumedItem, Envelope, UnreadableEventError, read_envelope
from shared.runtime.loops import backoff_seconds
from shared.runtime.metrics import Metrics
from shared.storage.database import Database, Transaction
from shared.storage.inbox import RejectedItem, claim_inbox, keep_rejected

log = structlog.get_logger(__name__)

PREFETCH_DEFAULT = 2
SHAPE_CODE = "shared.item-shape-invalid"
STORAGE_CODE = "shared.item-refused-by-storage"

ItemT = TypeVar("ItemT", bound=ConsumedItem)


@dataclass
class Batch(Generic[ItemT]):
    """The readable items of one event, and the means to refuse single ones."""

    event_id: UUID
    at: datetime
    items: list[ItemT]
    refused: list[tuple[ItemT, str]] = field(default_factory=list)

    def reject(self, item: ItemT, code: str) -> None:
        """Refuse an item that can never be applied, with a stable code; the rest goes on."""
        self.refused.append((item, code))


@dataclass(frozen=True)
class Subscription(Generic[ItemT]):
    """What a service does with one type of event."""

    item: type[ItemT]
    handle: Callable[[Transaction, Batch[ItemT]], Awaitable[None]]
    prefetch: int = PREFETCH_DEFAULT
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever an event has taken effect: what wakes a loop that goes on with it."""


@dataclass(frozen=True)
class Consumer:
    """Receives one service's subscriptions."""

    service: str
    database: Database
    broker: Broker
    metrics: Metrics
    subscriptions: Sequence[Subscription[Any]]

    async def declare(self) -> None:
        """Make the queues, so that nothing published from now on is missed."""
        for subscription in self.subscriptions:
            event_type = subscription.item.TYPE
            await self.broker.declare(queue_name(self.service, event_type), [event_type])

    async def start(self) -> None:
        """Begin to receive."""
        for subscription in self.subscriptions:
            await self.broker.subscribe(
                queue_name(self.service, subscription.item.TYPE),
                self._receiver(subscription),
                prefetch=subscription.prefetch,
            )

    def _receiver(self, subscription: Subscription[Any]) -> Callable[[Message], Awaitable[None]]:
        async def receive(message: Message) -> None:
            try:
                envelope = read_envelope(message.body)
            except UnreadableEventError as error:
                raise PoisonError(str(error)) from error
            await self._apply_once_storage_answers(subscription, envelope)

        return receive

    async def _apply_once_storage_answers(
        self, subscription: Subscription[Any], envelope: Envelope
    ) -> None:
        failures = 0
        while True:
            try:
                await self.apply(subscription, envelope)
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                failures += 1
                log.warning("storage-away", type=envelope.type, reason=type(error).__name__)
                await asyncio.sleep(backoff_seconds(failures))
            else:
                return

    async def apply(self, subscription: Subscription[Any], envelope: Envelope) -> None:
        """Act on an event once: claim it, apply its items, keep those that cannot be applied."""
        async with self.database.transaction() as tx:
            if not await claim_inbox(tx, envelope.id, consumer=self.service):
                return
            readable, rejected = _read_items(subscription.item, envelope)
            rejected += await self._apply_isolating(tx, subscription, envelope, readable)
            if rejected:
                await keep_rejected(
                    tx,
                    envelope.id,
                    consumer=self.service,
                    event_type=envelope.type,
                    rejected=rejected,
                )
        subscription.committed.set()
        self._count(envelope.type, applied=len(readable), rejected=len(rejected))

    async def _apply_isolating(
        self,
        tx: Transaction,
        subscription: Subscription[Any],
        envelope: Envelope,
        items: list[tuple[int, Any]],
    ) -> list[RejectedItem]:
        """Apply items together; refused by the database, halve until the bad one is alone."""
        if not items:
            return []
        batch = Batch(envelope.id, envelope.time, [item for _, item in items])
        try:
            async with tx.transaction():
                await subscription.handle(tx, batch)
        except (DataError, IntegrityError) as error:
            if len(items) == 1:
                log.warning("item-refused", type=envelope.type, reason=type(error).__name__)
                return [_rejected(*items[0], STORAGE_CODE)]
            middle = len(items) // 2
            first = await self._apply_isolating(tx, subscription, envelope, items[:middle])
            return first + await self._apply_isolating(tx, subscription, envelope, items[middle:])
        index_of = {id(item): index for index, item in items}
        return [_rejected(index_of[id(item)], item, code) for item, code in batch.refused]

    def _count(self, event_type: str, *, applied: int, rejected: int) -> None:
        items = self.metrics.counter(
            "sanad_consumed_items_total", "Items consumed.", ("service", "type", "outcome")
        )
        items.labels(self.service, event_type, "applied").inc(applied)
        items.labels(self.service, event_type, "rejected").inc(rejected)


def queue_name(service: str, event_type: str) -> str:
    """Return the queue in which a service receives a type of event."""
    return f"{service}.{event_type}"


def _read_items(
    item_type: type[ItemT], envelope: Envelope
) -> tuple[list[tuple[int, ItemT]], list[RejectedItem]]:
    readable, rejected = [], []
    for index, raw in enumerate(envelope.data.items):
        try:
            readable.append((index, item_type.model_validate(raw)))
        except ValidationError:
            subject = _subject(item_type, raw)
            rejected.append(RejectedItem(index, subject, SHAPE_CODE, raw))
    return readable, rejected


def _rejected(index: int, item: ConsumedItem, code: str) -> RejectedItem:
    raw = item.model_dump(mode="json")
    return RejectedItem(index, _subject(type(item), raw), code, raw)


def _subject(item_type: type[ConsumedItem], raw: dict[str, Any]) -> UUID | None:
    try:
        return UUID(str(raw.get(item_type.SUBJECT)))
    except ValueError:
        return None
