"""Loops of a worker: take one piece of work at a time, for ever, and survive its failures."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

BACKOFF_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Loop:
    """A named step that is repeated; it returns True when there was work."""

    name: str
    step: Callable[[], Awaitable[bool]]
    idle_seconds: float = 0.25


async def run_loop(loop: Loop) -> None:
    """Repeat the step until cancelled; after a failure wait longer each time, with jitter."""
    failures = 0
    while True:
        try:
            worked = await loop.step()
        except Exception:  # a worker outlives any single failure; it is logged and retried
            failures += 1
            log.exception("loop-step-failed", loop=loop.name, failures=failures)
            await asyncio.sleep(backoff_seconds(failures))
            continue
        failures = 0
        await asyncio.sleep(0 if worked else loop.idle_seconds)


def backoff_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling, capped, jittered."""
    ceiling = min(BACKOFF_SECONDS_MAX, 0.1 * 2 ** min(failures, 20))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 -- jitter, no secret
