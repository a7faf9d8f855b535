"""Child processes that end with us, however we end."""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_SECONDS_MAX = 5.0
_PR_SET_PDEATHSIG = 1


class ChildFailedError(Exception):
    """A child ended before it was ready; the message names it."""


@dataclass
class Child:
    """A running program and what it said when it was ready."""

    name: str
    process: subprocess.Popen[str]
    ready: dict[str, Any]

    def stop(self) -> None:
        """Ask the program to end, and insist after `STOP_SECONDS_MAX`."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_child(
    module: str, arguments: Sequence[str], *, log: Path, folder: Path | None = None
) -> Child:
    """Start `python -m module` and wait for its JSON line that says it is ready.

    Args:
        module: The program.
        arguments: Its command line.
        log: Where its standard error goes.
        folder: Its working folder, ours by default.

    Raises:
        ChildFailedError: It ended, or said something else, before it was ready.
    """
    with log.open("ab") as errors:
        process = subprocess.Popen(  # noqa: S603 -- our own command line
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 -- one system call
        )
    line = "" if process.stdout is None else process.stdout.readline()
    try:
        ready: dict[str, Any] = json.loads(line)
    except ValueError:
        process.kill()
        process.wait()
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        message = f"{module} did not start: {' '.join(last) or 'it said nothing'}"
        raise ChildFailedError(message) from None
    return Child(module, process, ready)


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies; for use after a fork."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)
