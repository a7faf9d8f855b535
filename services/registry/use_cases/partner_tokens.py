"""Tokens in place of the IDCS: each partner has its own for a person, and cannot compare them.

A token is the person's id under AES-SIV with a key of this partner alone, so it needs no table, is
the same at every answer, and opens only for the partner it was made for. It names the key it was
made with: tokens of a former key open for as long as that key is held.
"""

import hmac
from hashlib import sha512
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from services.registry.domain.partner_tokens import PartnerToken, read_token
from shared.runtime.keys import WatchedKeyRing

KEYS_FOLDER = "partner-tokens"
CIPHERS_HELD_MAX = 4096
_USE = b"registry.partner-token.v1:"


class PartnerTokens:
    """Makes and opens the tokens of every partner."""

    def __init__(self, keys: Path) -> None:
        """Take the service's key folder; keys are read at the first use."""
        self._folder = keys / KEYS_FOLDER
        self._ring: WatchedKeyRing | None = None
        self._ciphers: dict[tuple[str, str], AESSIV] = {}

    def token_of(self, person_id: bytes, *, client: str) -> str:
        """Return a partner's token for a person, whose id comes as its 16 bytes.

        Raises:
            MissingKeyError: This process holds no key for tokens.
        """
        ring = self._keys().ring
        cipher = self._cipher(ring.active_id, ring.active, client)
        return str(PartnerToken(ring.active_id, cipher.encrypt(person_id, None)))

    def person_of(self, token: str, *, client: str) -> UUID | None:
        """Return the person whom a partner's token stands for; None if it is not this partner's."""
        read = read_token(token)
        version = None if read is None else self._keys().get(read.key_id)
        if read is None or version is None:
            return None
        cipher = self._cipher(read.key_id, version, client)
        try:
            return UUID(bytes=cipher.decrypt(read.sealed, None))
        except InvalidTag:
            return None

    def _keys(self) -> WatchedKeyRing:
        if self._ring is None:
            self._ring = WatchedKeyRing(self._folder)
        return self._ring

    def _cipher(self, key_id: str, version: bytes, client: str) -> AESSIV:
        cipher = self._ciphers.get((key_id, client))
        if cipher is None:
            if len(self._ciphers) >= CIPHERS_HELD_MAX:
                self._ciphers.clear()
            # 64 bytes: one half for the vector, one for the cipher (RFC 5297).
            key = hmac.digest(version, _USE + client.encode(), sha512)
            cipher = self._ciphers[key_id, client] = AESSIV(key)
        return cipher
