"""The state folder: where one installation keeps its keys, data and journals."""

import os
import shutil
from pathlib import Path


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
