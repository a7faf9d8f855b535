"""The embedded server: private, durable, and gone with its parent."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from shared.runtime.state_folder import StateFolderError, require_space
from shared.storage.embedded import PostgresUnavailableError, start_postgres

START_AND_WAIT = """
import sys, time
from pathlib import Path
from shared.storage.embedded import start_postgres
server = start_postgres(Path(sys.argv[1]))
print(server.process.pid, server.admin_url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def private(server_state: Path) -> Iterator[Path]:
    """Return a folder that its owner alone may enter, and remove what served it elsewhere."""
    folder = server_state / "private"
    folder.mkdir(mode=0o700)
    yield folder
    # Root's data lie elsewhere, where the server's user can reach them.
    for state in (folder, folder / "state"):
        name = sha256(str(state.resolve()).encode()).hexdigest()[:16]
        shutil.rmtree(f"/var/tmp/sanad-postgres-{name}", ignore_errors=True)  # noqa: S108 -- ours


def connect(url: str) -> psycopg.Connection:
    """Connect as the administrator."""
    return psycopg.connect(url)  # noqa: TID251 -- no service here


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended."""
    for _ in range(1_200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("The server outlived its parent.")


def test_the_same_folder_gives_the_same_data(server_state: Path) -> None:
    first = start_postgres(server_state)
    with connect(first.admin_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    second = start_postgres(server_state)
    with connect(second.admin_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    second.stop()


def test_a_state_folder_made_anew_does_not_meet_the_data_of_the_old_one(private: Path) -> None:
    first = start_postgres(private)
    with connect(first.admin_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    shutil.rmtree(private)
    private.mkdir(mode=0o700)
    second = start_postgres(private)
    with connect(second.admin_url) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    second.stop()


def test_the_server_asks_for_a_password_listens_on_loopback_and_syncs(server_state: Path) -> None:
    server = start_postgres(server_state)
    with connect(server.admin_url) as connection:
        names = ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses")
        shown = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    assert shown == [("on",), ("on",), ("on",), ("127.0.0.1",)]
    place = server.admin_url.rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError):
        connect(f"postgresql://postgres:guess@{place}")
    with pytest.raises(psycopg.OperationalError):
        connect(f"postgresql://postgres@{place}")
    server.stop()


def test_the_server_never_runs_as_root(server_state: Path) -> None:
    server = start_postgres(server_state)
    owner = Path(f"/proc/{server.process.pid}").stat().st_uid
    server.stop()
    expected = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    assert owner == expected != 0


def test_a_folder_that_only_its_owner_may_enter_works_and_keeps_its_permissions(
    private: Path,
) -> None:
    state = private / "state"
    state.mkdir()
    server = start_postgres(state)
    with connect(server.admin_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()
    assert private.stat().st_mode & 0o777 == 0o700


def test_a_killed_parent_leaves_no_server_and_the_next_start_recovers(server_state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(server_state)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, url = parent.stdout.readline().split()
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        parent.send_signal(signal.SIGKILL)
    again = start_postgres(server_state)
    with connect(again.admin_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.stop()
    wait_until_gone(int(pid))


def test_a_start_that_fails_says_why(server_state: Path) -> None:
    with pytest.raises(PostgresUnavailableError, match="ended while starting"):
        start_postgres(server_state, settings=("no_such_setting=1",))


def test_a_full_disk_is_refused_in_one_sentence(server_state: Path) -> None:
    with pytest.raises(StateFolderError, match="is full"):
        require_space(server_state, 1 << 62)
