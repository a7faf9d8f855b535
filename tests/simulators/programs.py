"""Simulators started as the separate processes that they are."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """A simulator that has said that it listens."""

    process: "subprocess.Popen[bytes]"
    ready: dict[str, Any]

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        return self.process.wait(EXIT_SECONDS)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(EXIT_SECONDS)


StartProgram = Callable[..., RunningProgram]


@contextmanager
def programs() -> Iterator[StartProgram]:
    """Yield what starts `python -m MODULE ...`; everything it started is ended afterwards."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path) -> RunningProgram:
        process = popen(*arguments)
        started.append(process)
        return RunningProgram(process, first_line(process))

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.communicate()


def popen(*arguments: str | Path) -> "subprocess.Popen[bytes]":
    """Start `python -m ...` in the project's folder, with pipes for what it says."""
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def refused(*arguments: str | Path) -> tuple[int, str]:
    """Run a program that cannot start, and return its exit code and its complaint."""
    process = popen(*arguments)
    _, complaint = process.communicate(timeout=EXIT_SECONDS)
    return process.returncode, complaint.decode()


def first_line(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Return the ready line; a program that ends instead fails the test with its complaint."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read().decode()
    ready: dict[str, Any] = json.loads(line)
    return ready
