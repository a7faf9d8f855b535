"""The state folder: where one installation keeps its keys, data and journals."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

LOCK_FILE = ".lock"
SWEPT_MAX = 100
"""How many folders of killed runs one start removes."""


class StateFolderError(Exception):
    """The state folder cannot be used; the message says why in one sentence."""


def open_state_folder(folder: Path) -> Path:
    """Return the folder, made if need be, readable by its owner and passable by others.

    Raises:
        StateFolderError: It cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        message = f"The state folder {folder} cannot be written: {error.strerror}."
        raise StateFolderError(message) from error
    return folder.resolve()


def require_space(folder: Path, free_bytes: int) -> None:
    """Refuse to start on a disk that is about to be full.

    Raises:
        StateFolderError: Fewer than `free_bytes` are free.
    """
    free = shutil.disk_usage(folder).free
    # Some file systems report space that only root may use; the stricter figure counts.
    available = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    if min(free, available) < free_bytes:
        need = free_bytes // (1024 * 1024)
        message = f"The disk under {folder} is full: at least {need} MB must be free."
        raise StateFolderError(message)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Yield a new folder that others may pass through, and remove it afterwards.

    Runs that were killed leave theirs behind, and the next one with the same prefix removes them.
    A folder is in use as long as somebody holds its lock, which ends with the process.

    Args:
        prefix: How the names of such folders begin, among all temporary ones.
    """
    for left in islice(Path(tempfile.gettempdir()).glob(f"{prefix}*"), SWEPT_MAX):
        _remove_unless_used(left)
    folder, lock = _locked_folder(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        folder.chmod(0o711)
        lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_the_lock_of(folder, lock):
            return folder, lock
        # Another start took it for one that was left behind, before it was locked.
        os.close(lock)


def _remove_unless_used(folder: Path) -> None:
    if folder.is_symlink():
        return
    try:
        lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:  # no run's, or somebody else's, or removed meanwhile
        return
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():  # a server that ends wrote to it meanwhile: for the next start
                (folder / LOCK_FILE).touch(mode=0o600)
    except BlockingIOError:
        pass  # in use
    finally:
        os.close(lock)


def _is_the_lock_of(folder: Path, lock: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat((folder / LOCK_FILE).stat(), os.fstat(lock))
    return False
