"""The seal of the access log: an Ed25519 key signs, its public half is told to everybody."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.registry.domain.access_chain import VerifySignature
from shared.runtime.keys import KeyRing, WatchedKeyRing

FOLDER = "access-seal"
PUBLIC_SUFFIX = ".pub"


class AccessSeal:
    """Signs blocks with the active key of `access-seal/`."""

    def __init__(self, keys: Path) -> None:
        """Follow the folder of a service's own keys.

        Raises:
            MissingKeyError: There is no key to sign with.
        """
        self._keys = WatchedKeyRing(keys / FOLDER)

    @property
    def key_id(self) -> str:
        """Return the id of the key that signs now."""
        return self._keys.ring.active_id

    def sign(self, key_id: str, block_hash: bytes) -> bytes:
        """Return the signature of a block under one of the keys held."""
        key = self._keys.get(key_id) or b""
        return Ed25519PrivateKey.from_private_bytes(key).sign(block_hash)


def public_keys(keys: Path) -> dict[str, bytes]:
    """Return the public half of every key that ever signed: of those held, and `*.pub` files."""
    folder = keys / FOLDER
    retired = {
        path.stem: base64.b64decode(path.read_text(), validate=True)
        for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}"))
    }
    ring = WatchedKeyRing(folder).ring
    return retired | {key_id: public_key(ring, key_id) for key_id in ring.ids}


def public_key(ring: KeyRing, key_id: str) -> bytes:
    """Return the public half of one of a ring's keys, as 32 bytes."""
    key = ring.get(key_id) or b""
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


def keep_public_key(folder: Path, ring: KeyRing, key_id: str) -> None:
    """Write the public half of a key beside it, so that its blocks can be verified for ever."""
    text = base64.b64encode(public_key(ring, key_id)).decode()
    (folder / f"{key_id}{PUBLIC_SUFFIX}").write_text(text + "\n")


def fingerprint(public: bytes) -> str:
    """Return what people compare to know a public key by."""
    return hashlib.sha256(public).hexdigest()


def signature_check(published: Mapping[str, bytes]) -> VerifySignature:
    """Return what checks signatures against these public keys."""
    verifiers = {
        key_id: Ed25519PublicKey.from_public_bytes(public) for key_id, public in published.items()
    }

    def signed(key_id: str, block_hash: bytes, signature: bytes) -> bool | None:
        verifier = verifiers.get(key_id)
        if verifier is None:
            return None
        try:
            verifier.verify(signature, block_hash)
        except InvalidSignature:
            return False
        return True

    return signed
