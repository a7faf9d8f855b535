"""Loops survive their failures and wait longer after each."""

import asyncio

from shared.runtime.loops import BACKOFF_SECONDS_MAX, Loop, backoff_seconds, run_loop


async def test_a_failing_step_is_tried_again() -> None:
    calls = 0
    done = asyncio.Event()

    async def step() -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        done.set()
        return False

    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_loop(Loop("tests", step)))
        await asyncio.wait_for(done.wait(), 5)
        running.cancel()
    assert calls >= 2


def test_waiting_grows_and_is_bounded() -> None:
    assert backoff_seconds(1) < backoff_seconds(8) <= BACKOFF_SECONDS_MAX
    assert backoff_seconds(10_000) <= BACKOFF_SECONDS_MAX
