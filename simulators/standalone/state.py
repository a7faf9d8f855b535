"""The folder in which a simulator keeps its truth, held by one process at a time."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO

from simulators.standalone.errors import StartError

SECRET_BYTES_MAX = 4096


class StateFolder:
    """A private folder, locked for as long as this object lives."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it is missing, and lock it.

        Raises:
            StartError: It cannot be written, or another process holds it.
        """
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _locked(path / "lock")
        except BlockingIOError as error:
            message = f"The state folder {path} is in use by another simulator."
            raise StartError(message) from error
        except OSError as error:
            message = f"The state folder {path} cannot be written ({error.strerror})."
            raise StartError(message) from error

    def open_database(self, name: str, *, schema: str) -> sqlite3.Connection:
        """Open `name` in autocommit mode, in write-ahead mode, with `schema` applied.

        The caller begins and ends transactions, and keeps two threads from using the connection at
        once.

        Raises:
            StartError: The file is no database or cannot be written.
        """
        database = self.path / name
        try:
            connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
            database.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(schema)
        except (sqlite3.Error, OSError) as error:
            message = f"The database {database} cannot be used ({error})."
            raise StartError(message) from error
        connection.row_factory = sqlite3.Row
        return connection

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()


def read_secret(path: Path) -> str:
    """Return the secret on the first line of a file.

    Raises:
        StartError: The file is missing, unreadable, empty or too long.
    """
    try:
        with path.open(encoding="utf-8") as file:
            secret = file.read(SECRET_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The secret file {path} cannot be read."
        raise StartError(message) from error
    if not secret or not secret.isascii() or any(mark.isspace() for mark in secret):
        message = f"The secret file {path} must hold one line of ASCII without spaces."
        raise StartError(message)
    return secret


def _locked(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
