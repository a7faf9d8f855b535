"""Sealed event fields: what one consumer must know travels for that consumer alone.

One key per producer and consumer, held by those two; the event's type, the item's subject and the
field are associated data, so that a value copied into another item does not open.
"""

import base64
import binascii
import secrets
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.runtime.keys import WatchedKeyRing

_NONCE_BYTES = 12


class UnsealFieldError(Exception):
    """A sealed field was altered, moved, or not sealed for us."""


def pair_folder(keys: Path, *, sender: str, receiver: str) -> Path:
    """Return the folder of the key that `sender` and `receiver` share."""
    return keys / "events" / f"{sender}-{receiver}"


class SealedFields:
    """Seals fields for other services and opens those sealed for this one."""

    def __init__(self, service: str, keys: Path) -> None:
        """Hold the keys that this service shares with others, read when first used.

        They may be rotated while processes run, as those of sealed columns may.
        """
        self._service = service
        self._keys = keys
        self._rings: dict[tuple[str, str], WatchedKeyRing] = {}
        self._ciphers: dict[bytes, AESGCM] = {}

    def seal(self, value: str, *, to: str, event_type: str, subject: UUID, field: str) -> str:
        """Return `value` sealed for the service `to`, as `v1.<key id>.<base64url>`."""
        ring = self._ring(sender=self._service, receiver=to).ring
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = _place(event_type, subject, field)
        body = nonce + self._cipher(ring.active).encrypt(nonce, value.encode(), place)
        return f"v1.{ring.active_id}.{base64.urlsafe_b64encode(body).decode()}"

    def unseal(
        self, sealed: str, *, sender: str, event_type: str, subject: UUID, field: str
    ) -> str:
        """Return what `sender` sealed for this service.

        Raises:
            UnsealFieldError: It was altered or moved, or its key is not ours.
        """
        message = "A sealed field does not open for this service."
        try:
            version, key_id, text = sealed.split(".")
            body = base64.urlsafe_b64decode(text)
        except (ValueError, binascii.Error) as error:
            raise UnsealFieldError(message) from error
        key = self._ring(sender=sender, receiver=self._service).get(key_id)
        if version != "v1" or key is None:
            raise UnsealFieldError(message)
        try:
            opened = self._cipher(key).decrypt(
                body[:_NONCE_BYTES], body[_NONCE_BYTES:], _place(event_type, subject, field)
            )
        except (InvalidTag, ValueError) as error:
            raise UnsealFieldError(message) from error
        return opened.decode()

    def _ring(self, *, sender: str, receiver: str) -> WatchedKeyRing:
        ring = self._rings.get((sender, receiver))
        if ring is None:
            folder = pair_folder(self._keys, sender=sender, receiver=receiver)
            ring = self._rings[sender, receiver] = WatchedKeyRing(folder)
        return ring

    def _cipher(self, key: bytes) -> AESGCM:
        cipher = self._ciphers.get(key)
        if cipher is None:
            cipher = self._ciphers[key] = AESGCM(key)
        return cipher


def _place(event_type: str, subject: UUID, field: str) -> bytes:
    return f"{event_type}\x00{field}\x00".encode() + subject.bytes
