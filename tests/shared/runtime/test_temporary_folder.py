"""Temporary folders: gone with their run, or with the next one if that was killed."""

import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.runtime.state_folder import temporary_folder

HOLD = """
import sys, time
from shared.runtime.state_folder import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "data").mkdir()
    (folder / "data" / "large").write_text("x")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a prefix, in a place for temporary folders that nobody else uses."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return f"sanad-{secrets.token_hex(4)}-"


@contextmanager
def held(prefix: str) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Run another process that holds a folder, and yield both."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, prefix], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Path(process.stdout.readline().strip()), process
        finally:
            process.kill()


def test_a_folder_is_gone_when_its_run_ends_and_others_may_pass_it(prefix: str) -> None:
    with temporary_folder(prefix) as folder:
        assert folder.name.startswith(prefix)
        assert folder.stat().st_mode & 0o777 == 0o711
        (folder / "data").write_text("x")
    assert not folder.exists()


def test_what_a_killed_run_left_is_removed_by_the_next(prefix: str) -> None:
    with held(prefix) as (left, process):
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (left / "data" / "large").exists()
    with temporary_folder(prefix) as folder:
        assert not left.exists()
        assert folder.exists()


def test_the_folder_of_a_run_that_lives_is_left_alone(prefix: str) -> None:
    with held(prefix) as (used, _):
        for _ in range(2):
            with temporary_folder(prefix):
                assert (used / "data" / "large").exists()


def test_runs_that_start_together_remove_nobodys_folder(prefix: str) -> None:
    command = HOLD.replace("time.sleep(600)", "assert (folder / 'data' / 'large').exists()")
    for _ in range(3):
        started = [
            subprocess.Popen([sys.executable, "-c", command, prefix], stdout=subprocess.DEVNULL)
            for _ in range(6)
        ]
        assert [process.wait() for process in started] == [0] * 6


def test_a_folder_taken_away_before_it_was_locked_is_made_anew(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[Path] = []

    def lock_too_late(_lock: int, _how: int) -> None:
        if not locked:
            locked.extend(tmp_path.glob(f"{prefix}*"))
            shutil.rmtree(locked[0])

    monkeypatch.setattr("fcntl.flock", lock_too_late)
    with temporary_folder(prefix) as folder:
        assert folder.exists()
        assert folder not in locked


def test_what_no_run_made_is_left_alone(prefix: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "data").mkdir(parents=True)
    (kept / ".lock").touch()
    (tmp_path / f"{prefix}link").symlink_to(kept)
    unmarked = tmp_path / f"{prefix}unmarked"
    unmarked.mkdir()
    with temporary_folder(prefix):
        assert (kept / "data").exists()
        assert unmarked.exists()
