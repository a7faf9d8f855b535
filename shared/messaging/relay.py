"""The relay: carries what waits in the outbox to the broker, until each event is confirmed."""

import asyncio
from dataclasses import dataclass

import structlog

from shared.messaging.broker import Broker, Message
from shared.runtime.loops import Loop
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.outbox import (
    WaitingEvent,
    claim_events,
    mark_sent,
    mark_unsent,
    purge_sent,
    waiting_count_and_age,
)

log = structlog.get_logger(__name__)

EVENTS_PER_CLAIM_MAX = 32
PURGE_AFTER_DAYS = 30


@dataclass(frozen=True)
class Relay:
    """Moves one service's outbox to the broker; several relays may run at once."""

    service: str
    database: Database
    broker: Broker
    metrics: Metrics

    def loops(self) -> list[Loop]:
        """Return the loops that a worker runs for its outbox."""
        return [
            Loop("relay", self.relay_once, idle_seconds=0.2),
            Loop("outbox-age", self.measure, idle_seconds=5.0),
            Loop("outbox-purge", self.purge, idle_seconds=3600.0),
        ]

    async def relay_once(self) -> bool:
        """Publish the oldest waiting events at once; return True when there were any."""
        events = await claim_events(self.database, limit=EVENTS_PER_CLAIM_MAX)
        if not events:
            return False
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._publish(event)) for event in events]
        sent = [position for task in tasks if (position := task.result()) is not None]
        if sent:
            await mark_sent(self.database, sent)
        return True

    async def measure(self) -> bool:
        """Show how many events wait and how long the oldest has waited."""
        count, age = await waiting_count_and_age(self.database)
        labels = ("service",)
        waiting = self.metrics.gauge("sanad_outbox_waiting_events", "Events not sent yet.", labels)
        waiting.labels(self.service).set(count)
        oldest = self.metrics.gauge(
            "sanad_outbox_oldest_age_seconds", "Age of the oldest event not sent yet.", labels
        )
        oldest.labels(self.service).set(age)
        return False

    async def purge(self) -> bool:
        """Forget what was sent or claimed long ago."""
        async with self.database.transaction() as tx:
            return await purge_sent(tx, days=PURGE_AFTER_DAYS) > 0

    async def _publish(self, event: WaitingEvent) -> int | None:
        try:
            await self.broker.publish(Message(event.event_id, event.type, event.body))
        except Exception as error:  # noqa: BLE001 -- any failure leaves the row waiting; the next claim retries
            log.warning("event-not-sent", type=event.type, reason=type(error).__name__)
            await mark_unsent(self.database, event.position, error=type(error).__name__)
            return None
        return event.position
