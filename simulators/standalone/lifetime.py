"""How a simulator starts, says that it listens, and ends: asked to, orphaned, or unable to go on.

A simulator never outlives the process that started it, or a killed test run would leave programs
behind that hold ports and files.
"""

import asyncio
import ctypes
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable

from simulators.standalone.errors import StartError

PARENT_CHECK_SECONDS = 0.25

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

Serve = Callable[[asyncio.Event], Awaitable[None]]


def run_program(name: str, serve: Serve) -> int:
    """Run `serve` until it ends, and return the exit code of the process.

    `serve` gets an event that is set on SIGTERM, on SIGINT and when the parent process is gone; it
    must return soon after. A `StartError` or a full disk becomes one sentence on standard error.
    """
    parent_pid = os.getppid()
    _ask_for_a_signal_when_the_parent_dies()
    complaints: list[str] = []
    try:
        asyncio.run(_serve_until_stopped(serve, parent_pid=parent_pid))
    except* StartError as failures:
        complaints.append(str(_first(failures)))
    except* sqlite3.OperationalError as failures:
        complaints.append(f"The state folder cannot be used: {_first(failures)}.")
    for complaint in complaints:
        sys.stderr.write(f"{name}: {complaint}\n")
    return 1 if complaints else 0


def announce_ready(**ports: int) -> None:
    """Write the one line on standard output that tells the parent where this process listens."""
    sys.stdout.write(json.dumps({"ready": True, **ports}) + "\n")
    sys.stdout.flush()


async def _serve_until_stopped(serve: Serve, *, parent_pid: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for asked in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked, stop.set)
    # SIGHUP also comes when only the *thread* that started us ends; the parent is then alive.
    loop.add_signal_handler(signal.SIGHUP, _stop_if_orphaned, stop, parent_pid)
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(_watch_parent(stop, parent_pid))
        await serve(stop)
        watch.cancel()


def _stop_if_orphaned(stop: asyncio.Event, parent_pid: int) -> None:
    if os.getppid() != parent_pid:
        stop.set()


async def _watch_parent(stop: asyncio.Event, parent_pid: int) -> None:
    while not stop.is_set():
        _stop_if_orphaned(stop, parent_pid)
        await asyncio.sleep(PARENT_CHECK_SECONDS)


def _ask_for_a_signal_when_the_parent_dies() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)


def _first(failures: BaseExceptionGroup[Exception]) -> BaseException:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
