"""Loops of a worker: take one piece of work at a time, for ever, and survive its failures."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

BACKOFF_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Loop:
    """A named step that is repeated; it returns True when there was work."""

    name: str
    step: Callable[[], Awaitable[bool]]
    idle_seconds: float = 0.25
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever in this process has just committed work for it, so that it need not wait.

    Work that another process left is found after `idle_seconds`.
    """


async def run_loop(loop: Loop) -> None:
    """Repeat the step until cancelled; after a failure wait longer each time, with jitter."""
    failures = 0
    while True:
        # What was committed before this, the step will see; what comes after, wakes it again.
        loop.wake.clear()
        try:
            worked = await loop.step()
        except Exception:  # a worker outlives any single failure; it is logged and retried
            failures += 1
            log.exception("loop-step-failed", loop=loop.name, failures=failures)
            await asyncio.sleep(backoff_seconds(failures))
            continue
        failures = 0
        heed_cancellation()
        if worked:
            await asyncio.sleep(0)
        else:
            await _rest(loop)


def heed_cancellation() -> None:
    """End this task if it was told to; whatever runs for ever asks after each step.

    A step may swallow the news: up to Python 3.11, `asyncio.wait_for` returns its result instead
    when both come at the same moment, and a pool of connections waits by it.

    Raises:
        CancelledError: The task was cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError


async def _rest(loop: Loop) -> None:
    """Return once somebody wakes the loop, or its idle time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(loop.idle_seconds):
            await loop.wake.wait()


def backoff_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling, capped, jittered."""
    ceiling = min(BACKOFF_SECONDS_MAX, 0.1 * 2 ** min(failures, 20))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 -- jitter, no secret
