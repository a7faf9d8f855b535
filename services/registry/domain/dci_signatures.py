"""Signatures in the text that DCI messages carry.

The standard names the member and prescribes nothing about it. This is the form in use:
`namespace="dci", kidId="SENDER|KEY|ed25519", algorithm="ed25519", created="1", expires="301",
headers="(created) (expires) digest", signature="BASE64"`, over three lines that end with the digest
of header and message.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from typing_extensions import override

from services.registry.domain.dci_contract import JsonObject
from services.registry.domain.dci_json import Canonical, canonical_json

NAMESPACE = "dci"
ALGORITHM = "ed25519"
LIFETIME_SECONDS = 300
SKEW_SECONDS = 60
SIGNED_HEADERS = "(created) (expires) digest"

_PREFIX = re.compile(r"^\s*signature\s*:\s*", re.IGNORECASE)
_PART = re.compile(r'([A-Za-z]+)\s*=\s*"([^"]*)"')
_SECONDS = re.compile("[0-9]{1,12}")
_KEY_PARTS = 3


@dataclass(frozen=True, slots=True)
class SignatureText:
    """A signature as a message carries it."""

    key_id: str
    sender_id: str
    algorithm: str
    created: int
    expires: int
    value: bytes

    def is_current(self, now: int) -> bool:
        """Tell whether it is in force at an instant of real time, in seconds since 1970."""
        return self.created - SKEW_SECONDS <= now <= self.expires + SKEW_SECONDS

    @override
    def __str__(self) -> str:
        return (
            f'namespace="{NAMESPACE}", kidId="{self.key_id}", algorithm="{self.algorithm}",'
            f' created="{self.created}", expires="{self.expires}", headers="{SIGNED_HEADERS}",'
            f' signature="{base64.b64encode(self.value).decode()}"'
        )


def read_signature(text: str) -> SignatureText | None:
    """Return the signature that a text states, or None if it is not in the form in use."""
    parts = dict(_PART.findall(_PREFIX.sub("", text)))
    key_id = parts.get("kidId") or parts.get("keyId", "")
    names = key_id.split("|")
    times = (parts.get("created", ""), parts.get("expires", ""))
    covered = parts.get("headers", SIGNED_HEADERS).split()
    if len(names) != _KEY_PARTS or not all(map(_SECONDS.fullmatch, times)):
        return None
    if covered != SIGNED_HEADERS.split():
        return None
    try:
        value = base64.b64decode(parts.get("signature", ""), validate=True)
    except binascii.Error:
        return None
    return SignatureText(
        key_id=key_id,
        sender_id=names[0],
        algorithm=parts.get("algorithm", names[2]).lower(),
        created=int(times[0]),
        expires=int(times[1]),
        value=value,
    )


def digest_of(signed: JsonObject, form: Canonical = Canonical.PYTHON) -> bytes:
    """Return the SHA-256 of header and message in one of the texts that are signed."""
    return hashlib.sha256(canonical_json(signed, form)).digest()


def signing_text(signed: JsonObject, *, created: int, expires: int) -> bytes:
    """Return what our own signatures are over."""
    return _lines(base64.b64encode(digest_of(signed)).decode(), created=created, expires=expires)


def possible_texts(signed: JsonObject, signature: SignatureText) -> list[bytes]:
    """Return every text that the sender of a message may have signed.

    Each has the same content; a signature over any of them proves the same.
    """
    texts: list[bytes] = []
    for form in Canonical:
        encoded = base64.b64encode(digest_of(signed, form)).decode()
        for digest in (encoded, f"SHA-256={encoded}"):
            text = _lines(digest, created=signature.created, expires=signature.expires)
            if text not in texts:
                texts.append(text)
    return texts


def _lines(digest: str, *, created: int, expires: int) -> bytes:
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()
