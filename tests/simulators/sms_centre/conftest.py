"""SMS centres as real processes, and what talks to them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulators.programs import RunningProgram, StartProgram, programs
from tests.simulators.sms_centre.esme import (
    PASSWORD,
    PATIENCE_SECONDS,
    SYSTEM_ID,
    TRANSCEIVER,
    Esme,
)


@dataclass(slots=True)
class RunningCentre:
    """A centre process as one test sees it: without the counts and texts of tests before it."""

    program: RunningProgram
    http: httpx.Client
    connections: ExitStack
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.program.ready["port"])

    def connected(self) -> Esme:
        return self.connections.enter_context(closing(Esme.connected(self.port)))

    def bound(self, kind: int = TRANSCEIVER) -> Esme:
        return self.connections.enter_context(closing(Esme.bound(self.port, kind)))

    def arm(self, fault: str, times: int = 1) -> None:
        self.http.post("/v1/faults", json={"fault": fault, "times": times}).raise_for_status()

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.http.get("/v1/truth").raise_for_status().json()
        return {name: count - self.before.get(name, 0) for name, count in counts.items()}

    def texts(self) -> list[str]:
        answer = self.http.get("/v1/truth", params={"texts": 1}).raise_for_status().json()
        complete = [text["text"] for text in answer["texts"] if text["complete"]]
        return complete[self.before.get("messages", 0) :]

    def wait_for_count(self, name: str, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.counts()[name] != count:
            assert time.monotonic() < deadline, self.counts()
            time.sleep(0.02)


StartCentre = Callable[..., RunningCentre]


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Return a file with the password that clients show."""
    return write_password(tmp_path)


@pytest.fixture
def start_centre(
    start_program: StartProgram, tmp_path: Path, password_file: Path
) -> Iterator[StartCentre]:
    """Return what starts a centre on this test's state folder, again and again if wished."""
    with ExitStack() as opened:

        def start(*options: str | Path) -> RunningCentre:
            program = start_program(*command(tmp_path / "centre", password_file), *options)
            return RunningCentre(program, opened.enter_context(client_of(program)), opened)

        yield start


@pytest.fixture(scope="module")
def _shared_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProgram]:
    folder = tmp_path_factory.mktemp("shared-centre")
    with programs() as start:
        yield start(*command(folder, write_password(folder)), "--receipt-delay", "0")


@pytest.fixture
def centre(_shared_program: RunningProgram) -> Iterator[RunningCentre]:
    """Return a centre whose receipts come at once; tests that share it leave none owed."""
    with ExitStack() as opened:
        http = opened.enter_context(client_of(_shared_program))
        centre = RunningCentre(_shared_program, http, opened)
        centre.before = centre.counts()
        yield centre


@pytest.fixture
def own_centre(start_centre: StartCentre) -> RunningCentre:
    """Return such a centre of this test's own, which may owe receipts at the end."""
    return start_centre("--receipt-delay", "0")


def command(state: Path, password_file: Path) -> list[str | Path]:
    return [
        *("simulators.sms_centre", "--state", state),
        *("--system-id", SYSTEM_ID, "--password-file", password_file),
    ]


def write_password(folder: Path) -> Path:
    path = folder / "password"
    path.write_text(PASSWORD + "\n")
    return path


def client_of(program: RunningProgram) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{program.ready['http_port']}",
        headers={"Authorization": f"Bearer {PASSWORD}"},
        trust_env=False,
    )
