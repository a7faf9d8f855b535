"""`make run` as a newcomer meets it: starts, survives, stops, and refuses in one sentence."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

pytestmark = pytest.mark.timeout(1_800)

HOUSEHOLDS = "25"
START_SECONDS_MAX = 600.0


class Stack:
    """One `python -m services` and what it says."""

    def __init__(self, state: Path, port: int) -> None:
        """Start it on a state folder and a port."""
        self.port = port
        self._output = (state.parent / f"output-{time.monotonic_ns()}.txt").open("w+")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services"],
            env=kept
            | {
                "HOUSEHOLDS": HOUSEHOLDS,
                "SANAD_PORT": str(port),
                "SANAD_STATE_DIR": str(state),
            },
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def said(self) -> str:
        """Return everything it has said so far."""
        self._output.seek(0)
        return self._output.read()

    def wait_until_it_says(self, text: str) -> None:
        """Wait for a sentence."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def family(self) -> list[psutil.Process]:
        """Return the process and everything it started."""
        main = psutil.Process(self.process.pid)
        return [main, *main.children(recursive=True)]

    def close(self) -> None:
        """Let go of its output."""
        self._output.close()

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(240)


@contextmanager
def running(state: Path, port: int) -> Iterator[Stack]:
    """Run the stack for as long as the context lasts."""
    stack = Stack(state, port)
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.end(signal.SIGTERM)
        stack.close()


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_it_survives_a_kill_keeps_its_data_and_leaves_nobody_behind(server_state: Path) -> None:
    state, port = server_state / "state", free_port()
    with running(state, port) as first:
        first.wait_until_it_says("Scoring and deciding")
        family = first.family()
        first.end(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=120)
    assert alive == []
    with running(state, port) as second:
        second.wait_until_it_says(f"Sanad answers on http://127.0.0.1:{port}")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
        document = httpx.get(f"http://127.0.0.1:{port}/openapi.json", timeout=60)
        assert "application/json" in document.headers["content-type"]
        assert token_of("auditor", state).count(".") == 2
        assert "demo-auditor: auditor" in clients_of(state)
        family = second.family()
        assert second.end(signal.SIGINT) == 0
    _, alive = psutil.wait_procs(family, timeout=120)
    assert alive == []
    month = json.loads((state / "month.json").read_text())
    assert month["settled"] == month["instructions"] > 0
    with running(state, port) as third:
        third.wait_until_it_says("Sanad answers on")
        assert "Registering households" not in third.said
    assert json.loads((state / "month.json").read_text()) == month


def token_of(role: str, state: Path) -> str:
    """Return the token that a terminal gets for a role of the demonstration."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251
    done = subprocess.run(
        [sys.executable, "-m", "services", "token", "--role", role],
        env=kept | {"SANAD_STATE_DIR": str(state)},
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.stdout


def clients_of(state: Path) -> str:
    """Return the clients that an administrator's terminal lists."""
    address = state / "keys" / "gateway" / "database" / "api.url"
    assert address.stat().st_mode & 0o777 == 0o600
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251
    stated = {"SANAD_PROFILE": "demo", "SANAD_STATE_DIR": str(state)}
    done = subprocess.run(
        [sys.executable, "-m", "services", "gateway", "clients", "list"],
        env=kept | stated | {"DATABASE_URL": address.read_text()},
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.stdout


def refusal(**variables: str) -> str:
    """Return the one sentence with which the stack refuses to start."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251
    done = subprocess.run(
        [sys.executable, "-m", "services"],
        env=kept | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode != 0
    (sentence,) = done.stderr.strip().splitlines()
    return sentence


def test_a_port_in_use_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        sentence = refusal(SANAD_PORT=port, SANAD_STATE_DIR=str(tmp_path / "state"))
    assert port in sentence
    assert "in use" in sentence


def test_a_state_folder_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sentence = refusal(SANAD_STATE_DIR=str(tmp_path / "file" / "state"), SANAD_PORT="0")
    assert "cannot be written" in sentence


@pytest.mark.parametrize(
    ("name", "value"), [("SANAD_PORT", "eighty"), ("HOUSEHOLDS", "0"), ("HOUSEHOLDS", "many")]
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    tmp_path: Path, name: str, value: str
) -> None:
    assert name in refusal(SANAD_STATE_DIR=str(tmp_path / "state"), **{name: value})
