"""Key files: versions of a secret in a folder, so that keys can be rotated while processes run.

`<id>.key` holds one version (32 bytes in base64); `active` names the one that is used from now on.
Without `active` it is the newest id. A version is first added everywhere, then made active, then
kept until nothing needs it.
"""

import base64
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

KEY_BYTES = 32
LOOK_AGAIN_SECONDS = 2.0
_ACTIVE = "active"
_FIRST = "k1"
_NUMBERED = re.compile(r"k([0-9]{1,9})")


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """All versions of one key; the active one seals, the others still open.

    It has no repr of its own: that would print the bytes.
    """

    active_id: str
    _keys: dict[str, bytes]

    @property
    def active(self) -> bytes:
        """Return the key that seals from now on."""
        return self._keys[self.active_id]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of every version held, the active one first."""
        others = sorted(self._keys.keys() - {self.active_id}, key=_age, reverse=True)
        return (self.active_id, *others)

    def get(self, key_id: str) -> bytes | None:
        """Return the version named `key_id`, if it is still held."""
        return self._keys.get(key_id)


class MissingKeyError(Exception):
    """A key folder holds no usable key; the process must not start without it."""


class KeyInUseError(Exception):
    """The active version of a key cannot be removed."""


class WatchedKeyRing:
    """A key ring that follows its folder, so that a rotation needs no restart.

    It looks at the folder's listing every `LOOK_AGAIN_SECONDS`, and at once when it is asked for a
    version it does not hold: another process may use a key before this one heard of it.
    """

    def __init__(self, folder: Path) -> None:
        """Read the folder.

        Raises:
            MissingKeyError: The folder holds no key, or one of the wrong length.
        """
        self._folder = folder
        self._listing = _listing(folder)
        self._ring = load_key_ring(folder)
        self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS

    @property
    def ring(self) -> KeyRing:
        """Return the versions held now."""
        if time.monotonic() >= self._look_at:
            self._look()
        return self._ring

    def get(self, key_id: str) -> bytes | None:
        """Return the version named `key_id`; an unknown one is looked for in the folder."""
        key = self.ring.get(key_id)
        if key is None:
            self._look()
            key = self._ring.get(key_id)
        return key

    def _look(self) -> None:
        """Read the folder again if its listing changed; what cannot be read changes nothing."""
        self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
        try:
            listing = _listing(self._folder)
            if listing != self._listing:
                self._ring = load_key_ring(self._folder)
                self._listing = listing
        except (OSError, ValueError, MissingKeyError) as error:
            log.warning("key-folder-unreadable", key=self._folder.name, reason=type(error).__name__)


def load_key_ring(folder: Path) -> KeyRing:
    """Read every `<id>.key` of `folder` (base64 of 32 bytes), and which of them is active.

    Raises:
        MissingKeyError: The folder holds no key, one of the wrong length, or not the active one.
    """
    keys = {}
    for path in sorted(folder.glob("*.key")):
        key = base64.b64decode(path.read_text(), validate=False)
        if len(key) != KEY_BYTES:
            message = f"The key file {path.name} in {folder.name}/ is not 32 bytes of base64."
            raise MissingKeyError(message)
        keys[path.stem] = key
    if not keys:
        message = f"There is no key in {folder}; make one or mount it."
        raise MissingKeyError(message)
    stated = folder / _ACTIVE
    active_id = stated.read_text().strip() if stated.exists() else max(keys, key=_age)
    if active_id not in keys:
        message = f"The active key of {folder.name}/ is not among its files."
        raise MissingKeyError(message)
    return KeyRing(active_id=active_id, _keys=keys)


def make_key(folder: Path, key_id: str | None = None) -> None:
    """Write a fresh random key readable by its owner alone, unless it is there already.

    Args:
        folder: Where the versions of the key lie.
        key_id: Which version; by default the first, and only where there is none: a first version
            that was retired must not come back as another key of the same name.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if key_id is None and next(folder.glob("*.key"), None) is not None:
        return
    path = folder / f"{key_id or _FIRST}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")


def add_key(folder: Path) -> str:
    """Add a version that is held but not yet active, and return its id.

    Raises:
        MissingKeyError: The folder holds no key to rotate.
    """
    ring = load_key_ring(folder)
    activate_key(folder, ring.active_id)
    number = 1 + max((_age(key_id)[0] for key_id in ring.ids), default=0)
    key_id = f"k{number}"
    make_key(folder, key_id)
    return key_id


def activate_key(folder: Path, key_id: str) -> None:
    """Use this version from now on; every process must hold it by then.

    Raises:
        MissingKeyError: The folder does not hold it.
    """
    if load_key_ring(folder).get(key_id) is None:
        message = f"There is no key {key_id} in {folder.name}/."
        raise MissingKeyError(message)
    draft = folder / f"{_ACTIVE}.draft"
    draft.write_text(key_id + "\n")
    draft.replace(folder / _ACTIVE)


def remove_key(folder: Path, key_id: str) -> None:
    """Forget a version for good; what it sealed cannot be opened again.

    Raises:
        KeyInUseError: It is the active one.
    """
    if load_key_ring(folder).active_id == key_id:
        message = f"The key {key_id} in {folder.name}/ is the active one; rotate first."
        raise KeyInUseError(message)
    (folder / f"{key_id}.key").unlink(missing_ok=True)


def seconds_since_activation(folder: Path) -> float:
    """Return how long the active key of a folder has been stated to be it; 0 if nobody said so."""
    stated = folder / _ACTIVE
    if not stated.exists():
        return 0.0
    return time.time() - stated.stat().st_mtime  # noqa: TID251 -- files carry real time


def _age(key_id: str) -> tuple[int, str]:
    """Return what sorts key ids by age: k2 before k10, and other names among themselves."""
    numbered = _NUMBERED.fullmatch(key_id)
    return (int(numbered[1]) if numbered else 0, key_id)


def _listing(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Return what changes when a file is added, replaced or removed; a missing folder has none."""
    if not folder.exists():
        return frozenset()
    with os.scandir(folder) as entries:
        return frozenset(
            (entry.name, (status := entry.stat()).st_ino, status.st_mtime_ns) for entry in entries
        )
