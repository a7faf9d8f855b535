"""Key files: versions of a secret in a folder, newest name last, so that keys can be rotated."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32


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

    def get(self, key_id: str) -> bytes | None:
        """Return the version named `key_id`, if it is still held."""
        return self._keys.get(key_id)


class MissingKeyError(Exception):
    """A key folder holds no usable key; the process must not start without it."""


def load_key_ring(folder: Path) -> KeyRing:
    """Read every `<id>.key` of `folder` (base64 of 32 bytes).

    Raises:
        MissingKeyError: The folder holds no key, or one of the wrong length.
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
    return KeyRing(active_id=max(keys), _keys=keys)


def make_key(folder: Path, key_id: str = "k1") -> None:
    """Write a fresh random key readable by its owner alone, unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{key_id}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
