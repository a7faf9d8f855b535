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
        await asyncio.wait_for(done.wait(), 60)
        running.cancel()
    assert calls >= 2


async def test_a_loop_ends_though_its_step_swallowed_the_news() -> None:
    calls, begun = 0, asyncio.Event()

    async def step() -> bool:
        nonlocal calls
        calls += 1
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            # The answer came at the same moment, and the answer wins; but only once.
            if calls > 1:
                raise
        return True

    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_loop(Loop("tests", step)))
        await begun.wait()
        running.cancel()
        await asyncio.wait({running}, timeout=60)
        running.cancel()
    assert calls == 1


async def test_a_loop_that_is_woken_looks_again_at_once() -> None:
    looked = asyncio.Queue[None]()

    async def step() -> bool:
        looked.put_nowait(None)
        return False

    loop = Loop("tests", step, idle_seconds=3600.0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_loop(loop))
        await looked.get()
        loop.wake.set()
        await asyncio.wait_for(looked.get(), 60)
        running.cancel()


async def test_a_wake_that_comes_while_a_loop_is_looking_is_not_lost() -> None:
    looks = 0
    done = asyncio.Event()

    async def step() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            loop.wake.set()
        else:
            done.set()
        return False

    loop = Loop("tests", step, idle_seconds=3600.0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run_loop(loop))
        await asyncio.wait_for(done.wait(), 60)
        running.cancel()


def test_waiting_grows_and_is_bounded() -> None:
    assert backoff_seconds(1) < backoff_seconds(8) <= BACKOFF_SECONDS_MAX
    assert backoff_seconds(10_000) <= BACKOFF_SECONDS_MAX
