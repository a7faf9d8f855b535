"""Sealed columns: values that a stolen table does not tell.

AES-256-GCM with the table, column and row as associated data, so that a value moved to another
row no longer opens. Equality is searched through an HMAC with a key per field.
"""

import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.runtime.keys import KeyRing, load_key_ring, make_key

_NONCE_BYTES = 12
_FORMAT = b"\x01"


class UnsealError(Exception):
    """A sealed value was altered, moved to another row, or sealed with a key we do not hold."""


class SealedColumns:
    """Seals and opens column values, and makes their blind indexes."""

    def __init__(self, columns: KeyRing, index: KeyRing) -> None:
        """Hold the keys that seal, and the one that indexes.

        Args:
            columns: Versions of the sealing key; the active one seals.
            index: The indexing key. A field's own key is derived from its active version.
        """
        self._columns = columns
        self._ciphers: dict[str, AESGCM] = {}
        self._index = index
        self._field_keys: dict[str, bytes] = {}

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
        key_id = self._columns.active_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        header = _FORMAT + bytes([len(key_id)]) + key_id.encode()
        place = _place(table, column, row_id)
        return header + nonce + self._cipher(key_id).encrypt(nonce, value, place)

    def unseal_bytes(self, sealed: bytes, *, table: str, column: str, row_id: UUID) -> bytes:
        """Return the bytes sealed for this place.

        Raises:
            UnsealError: It was altered, moved, or its key is gone.
        """
        sealed = bytes(sealed)
        key_end = 2 + sealed[1] if len(sealed) > 1 else 0
        if sealed[:1] != _FORMAT or len(sealed) < key_end + _NONCE_BYTES:
            message = "A sealed value has an unknown format."
            raise UnsealError(message)
        key_id = sealed[2:key_end].decode("ascii", errors="replace")
        nonce, body = sealed[key_end : key_end + _NONCE_BYTES], sealed[key_end + _NONCE_BYTES :]
        try:
            return self._cipher(key_id).decrypt(nonce, body, _place(table, column, row_id))
        except InvalidTag as error:
            message = "A sealed value was altered or moved from its row."
            raise UnsealError(message) from error

    def blind(self, field: str, value: str) -> bytes:
        """Return the 32-byte blind index of a value: equal for equal values of the same field."""
        key = self._field_keys.get(field)
        if key is None:
            key = hmac.digest(self._index.active, b"field:" + field.encode(), sha256)
            self._field_keys[field] = key
        return hmac.digest(key, value.encode(), sha256)

    def _cipher(self, key_id: str) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            key = self._columns.get(key_id)
            if key is None:
                message = "A sealed value names a key that this process does not hold."
                raise UnsealError(message)
            cipher = self._ciphers[key_id] = AESGCM(key)
        return cipher


def _place(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}\x00{column}\x00".encode() + row_id.bytes


def load_sealed_columns(keys: Path) -> SealedColumns:
    """Read a service's own keys: `columns/` seals, `index/` makes blind indexes."""
    return SealedColumns(load_key_ring(keys / "columns"), load_key_ring(keys / "index"))


def make_column_keys(keys: Path) -> None:
    """Make a service's own keys, unless it has them."""
    make_key(keys / "columns")
    make_key(keys / "index")
