"""Running a worker: its relay, its consumers and its loops, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from shared.messaging.broker import Broker
from shared.messaging.consuming import Consumer
from shared.messaging.relay import Relay
from shared.runtime.loops import Loop, run_loop
from shared.storage.kept_answers import forget_answers
from shared.web.platform import Platform, Worker

PURGE_SECONDS = 3600.0


@dataclass(frozen=True)
class Employment:
    """A worker with the means it works with."""

    worker: Worker
    platform: Platform


@asynccontextmanager
async def at_work(employed: Sequence[Employment], broker: Broker) -> AsyncIterator[None]:
    """Run workers for as long as the context lasts.

    Every queue of every worker is declared before the first event is relayed, so that workers of
    one process miss nothing of one another's.
    """
    consumers = [_consumer(one, broker) for one in employed]
    for consumer in consumers:
        await consumer.declare()
    for consumer in consumers:
        await consumer.start()
    loops = [loop for one in employed for loop in _loops(one, broker)]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(run_loop(loop), name=loop.name) for loop in loops]
        try:
            yield
        finally:
            for task in running:
                task.cancel()


def _consumer(one: Employment, broker: Broker) -> Consumer:
    return Consumer(
        service=one.worker.service,
        database=one.platform.database,
        broker=broker,
        metrics=one.platform.metrics,
        subscriptions=one.worker.subscriptions,
    )


def _loops(one: Employment, broker: Broker) -> list[Loop]:
    relay = Relay(
        service=one.worker.service,
        database=one.platform.database,
        broker=broker,
        metrics=one.platform.metrics,
    )
    platform = one.platform
    forget = partial(forget_answers, platform.database, hours=platform.kept_answers_hours)
    purge = Loop("kept-answers-purge", forget, idle_seconds=PURGE_SECONDS)
    return [*relay.loops(), purge, *one.worker.loops]
