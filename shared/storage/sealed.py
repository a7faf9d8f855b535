"""Sealed columns: values that a stolen table does not tell.

AES-256-GCM with the table, column and row as associated data, so that a value moved to another
row no longer opens. Equality is searched through an HMAC with a key per field. Keys may change
while processes run: a value names the key that sealed it, and while two index keys are held a value
has two blind indexes.
"""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.runtime.keys import WatchedKeyRing, make_key

_NONCE_BYTES = 12
_NONCES_DRAWN = 256
# RFC 2104: the key is filled up to a block of SHA-256, then mixed with one byte or the other.
_HMAC_BLOCK_BYTES = 64
_HMAC_INNER, _HMAC_OUTER = (bytes(byte ^ mask for byte in range(256)) for mask in (0x36, 0x5C))
_FORMAT = b"\x01"


class UnsealError(Exception):
    """A sealed value was altered, moved to another row, or sealed with a key we do not hold."""


class SealedColumns:
    """Seals and opens column values, and makes their blind indexes."""

    def __init__(self, columns: WatchedKeyRing, index: WatchedKeyRing) -> None:
        """Hold the keys that seal, and those that index.

        Args:
            columns: Versions of the sealing key; the active one seals.
            index: Versions of the indexing key. A field has a key of its own under each.
        """
        self._columns = columns
        self._ciphers: dict[str, AESGCM] = {}
        self._index = index
        self._field_keys: dict[tuple[str, str], bytes] = {}
        self._blinders: dict[tuple[str, str], Callable[[str], bytes]] = {}

    @property
    def sealing_key_id(self) -> str:
        """Return the id of the key that seals now."""
        return self._columns.ring.active_id

    @property
    def index_key_ids(self) -> tuple[str, ...]:
        """Return the ids of the index keys held, the active one first."""
        return self._index.ring.ids

    def seal(self, value: str, *, table: str, column: str, row_id: UUID) -> bytes:
        """Return `value` sealed for one place in one row."""
        return self.seal_bytes(value.encode(), table=table, column=column, row_id=row_id)

    def unseal(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> str:
        """Return the text sealed for this place.

        Raises:
            UnsealError: It was altered, moved, or its key is gone.
        """
        return self.unseal_bytes(sealed, table=table, column=column, row_id=row_id).decode()

    def seal_bytes(self, value: bytes, *, table: str, column: str, row_id: UUID) -> bytes:
        """Return format byte, key id, nonce and ciphertext of `value`."""
        key_id = self._columns.ring.active_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = _place(table, column, row_id)
        return sealed_prefix(key_id) + nonce + self._cipher(key_id).encrypt(nonce, value, place)

    def unseal_bytes(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> bytes:
        """Return the bytes sealed for this place.

        Raises:
            UnsealError: It was altered, moved, or its key is gone.
        """
        sealed = bytes(sealed)
        key_id = sealing_key_id(sealed)
        key_end = 2 + sealed[1]
        nonce, body = sealed[key_end : key_end + _NONCE_BYTES], sealed[key_end + _NONCE_BYTES :]
        try:
            return self._cipher(key_id).decrypt(nonce, body, _place(table, column, row_id))
        except InvalidTag as error:
            message = "A sealed value was altered or moved from its row."
            raise UnsealError(message) from error

    def blind(self, field: str, value: str) -> bytes:
        """Return the 32-byte blind index of a value: equal for equal values of the same field.

        It is made with the active index key: what is written from now on is found by it.
        """
        return self.blinder(field)(value)

    def blinds(self, field: str, value: str) -> tuple[bytes, ...]:
        """Return every blind index that a row may hold for a value, that of `blind` first.

        There is one, except while index keys are being rotated. A look-up tries all of them.
        """
        return tuple(self.blinder(field, key_id=id_)(value) for id_ in self._index.ring.ids)

    def field_key(self, field: str, key_id: str) -> bytes:
        """Return a field's own key under one version of the index key.

        Raises:
            UnsealError: This process does not hold that version.
        """
        key = self._field_keys.get((field, key_id))
        if key is None:
            version = self._index.get(key_id)
            if version is None:
                message = "An index key is named that this process does not hold."
                raise UnsealError(message)
            key = hmac.digest(version, b"field:" + field.encode(), sha256)
            self._field_keys[field, key_id] = key
        return key

    def blinder(self, field: str, *, key_id: str | None = None) -> Callable[[str], bytes]:
        """Return `blind` for one field, prepared for many values.

        Args:
            field: The field.
            key_id: A version of the index key, the active one by default.

        Raises:
            UnsealError: This process does not hold that version.
        """
        key_id = key_id or self._index.ring.active_id
        prepared = self._blinders.get((field, key_id))
        if prepared is None:
            prepared = self._blinders[field, key_id] = _blinder(self.field_key(field, key_id))
        return prepared

    def sealer(self, table: str, column: str) -> Callable[[bytes, bytes], bytes]:
        """Return `seal_bytes` for one column, prepared for many rows, under the key active now.

        What it returns takes the value and the 16 bytes of the row's id.
        """
        key_id = self._columns.ring.active_id
        encrypt = self._cipher(key_id).encrypt
        prefix, place = sealed_prefix(key_id), f"{table}\x00{column}\x00".encode()
        nonces: list[bytes] = []

        def seal(value: bytes, row_id: bytes) -> bytes:
            if not nonces:
                drawn = secrets.token_bytes(_NONCE_BYTES * _NONCES_DRAWN)
                starts = range(0, len(drawn), _NONCE_BYTES)
                nonces.extend([drawn[start : start + _NONCE_BYTES] for start in starts])
            nonce = nonces.pop()
            return prefix + nonce + encrypt(nonce, value, place + row_id)

        return seal

    def _cipher(self, key_id: str) -> AESGCM:
        key = self._columns.get(key_id)
        if key is None:
            self._ciphers.pop(key_id, None)
            message = "A sealed value names a key that this process does not hold."
            raise UnsealError(message)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            cipher = self._ciphers[key_id] = AESGCM(key)
        return cipher


def _place(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}\x00{column}\x00".encode() + row_id.bytes


def sealing_key_id(sealed: bytes) -> str:
    """Return the id of the key that a sealed value names.

    Raises:
        UnsealError: It is no sealed value.
    """
    key_end = 2 + sealed[1] if len(sealed) > 1 else 0
    if sealed[:1] != _FORMAT or len(sealed) < key_end + _NONCE_BYTES:
        message = "A sealed value has an unknown format."
        raise UnsealError(message)
    return sealed[2:key_end].decode("ascii", errors="replace")


def sealed_prefix(key_id: str) -> bytes:
    """Return the bytes that everything sealed with this key begins with."""
    return _FORMAT + bytes([len(key_id)]) + key_id.encode()


def load_sealed_columns(keys: Path) -> SealedColumns:
    """Follow a service's own keys: `columns/` seals, `index/` makes blind indexes."""
    return SealedColumns(WatchedKeyRing(keys / "columns"), WatchedKeyRing(keys / "index"))


def make_column_keys(keys: Path) -> None:
    """Make a service's own keys, unless it has them."""
    make_key(keys / "columns")
    make_key(keys / "index")


def _blinder(key: bytes) -> Callable[[str], bytes]:
    """Return HMAC-SHA256 under a key whose part is computed once: it costs a third."""
    filled = key.ljust(_HMAC_BLOCK_BYTES, b"\x00")
    inner, outer = sha256(filled.translate(_HMAC_INNER)), sha256(filled.translate(_HMAC_OUTER))

    def blind(value: str) -> bytes:
        within, whole = inner.copy(), outer.copy()
        within.update(value.encode())
        whole.update(within.digest())
        return whole.digest()

    return blind
