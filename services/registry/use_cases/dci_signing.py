"""Signatures of DCI messages: ours made, partners' held against the keys of their policy."""

import base64
import time
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet, OKPKey

from services.registry.domain.dci_contract import JsonObject
from services.registry.domain.dci_errors import AckCode, DciFault
from services.registry.domain.dci_json import UnreadableJsonError, read_json, write_json
from services.registry.domain.dci_signatures import (
    ALGORITHM,
    LIFETIME_SECONDS,
    SignatureText,
    possible_texts,
    read_signature,
    signing_text,
)
from services.registry.domain.policies import DciPolicy, SignatureRule
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import ErrorKind
from shared.runtime.keys import WatchedKeyRing

SIGNING_KEYS = "dci-signing"
JWS_ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "PS256", "RS256")
_OWN_ALGORITHM = "EdDSA"
_RSA_NAMES = frozenset({"rs256", "rsa-sha256"})
_EC_NAMES = frozenset({"es256", "ecdsa-sha256"})


def sign_message(signed: JsonObject, *, using: Collaborators) -> str:
    """Return the signature of a message of ours, in the text that messages carry."""
    key_id, private = _active(using)
    now = _real_seconds()
    expires = now + LIFETIME_SECONDS
    value = private.sign(signing_text(signed, created=now, expires=expires))
    return str(SignatureText(key_id, using.dci.sender_id, ALGORITHM, now, expires, value))


def sign_body(body: bytes, *, using: Collaborators) -> str:
    """Return a detached JWS over the very bytes of a body, for the HTTP header `Signature`.

    It needs no agreement on one text for one content, which the signature inside does.
    """
    key_id, private = _active(using)
    protected, _, value = _compact({"kid": key_id}, body, private=private).split(".")
    return f"{protected}..{value}"


def bearer_for(audience: str, *, using: Collaborators) -> str:
    """Return a token of our own making, which says to a partner who calls it back."""
    key_id, private = _active(using)
    now = _real_seconds()
    claims: JsonObject = {
        "iss": using.dci.sender_id,
        "sub": using.dci.sender_id,
        "aud": audience,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    header: JsonObject = {"kid": key_id, "typ": "JWT"}
    return _compact(header, write_json(claims), private=private)


def public_keys(*, using: Collaborators) -> Mapping[str, Any]:
    """Return the JWK set by which partners verify what this house signs."""
    ring = _ring(using.keys / SIGNING_KEYS).ring
    keys = []
    for version in ring.ids:
        secret = ring.get(version)
        if secret is not None:
            private = Ed25519PrivateKey.from_private_bytes(secret)
            public = OKPKey.import_key(private.public_key()).as_dict(private=False)
            keys.append(
                {**public, "kid": _key_id(version, using), "use": "sig", "alg": _OWN_ALGORITHM}
            )
    return {"keys": keys}


def check_signature(
    signed: JsonObject, text: str | None, *, body: bytes, header: str | None, policy: DciPolicy
) -> None:
    """Let pass a message whose signature is as its sender's policy wants it.

    A text that is in no known form counts as none: many senders fill in a placeholder. One that
    is in a known form must be right, wanted or not: without keys to hold it against, none is.

    Args:
        signed: Header and message.
        text: The member `signature`.
        body: The body as it came.
        header: The HTTP header `Signature`.
        policy: What was agreed with the sender.

    Raises:
        DciFault: It is missing though wanted, or it is wrong.
    """
    stated = read_signature(text or "")
    token = header if header is not None and header.count(".") == 2 else None  # noqa: PLR2004 -- JWS
    if stated is None and token is None:
        if policy.signature is SignatureRule.REQUIRED:
            message = (
                "This sender agreed to sign; the message carries no signature of a known form."
            )
            raise _refused(AckCode.SIGNATURE_MISSING, message)
        return
    if policy.jwks is None:
        message = "There is no key of this sender to hold the signature against."
        raise _refused(AckCode.SIGNATURE_INVALID, message)
    if token is not None:
        is_right = _verifies_body(token, body, signed=signed, keys=policy.jwks)
    else:
        is_right = stated is not None and _verifies_text(stated, signed, policy=policy)
    if not is_right:
        message = "The signature is not this sender's signature of this message."
        raise _refused(AckCode.SIGNATURE_INVALID, message)


def _refused(code: AckCode, message: str) -> DciFault:
    return DciFault(code, message, kind=ErrorKind.UNAUTHENTICATED)


def _verifies_text(stated: SignatureText, signed: JsonObject, *, policy: DciPolicy) -> bool:
    if stated.sender_id != policy.sender_id or not stated.is_current(_real_seconds()):
        return False
    key = _key_named(stated.key_id, policy.jwks or {})
    return key is not None and any(
        _verifies(key, stated, text) for text in possible_texts(signed, stated)
    )


def _key_named(key_id: str, document: Mapping[str, Any]) -> object:
    """Return the public key of a name: the whole name, or the part that names the key."""
    short = key_id.split("|")[1]
    try:
        key = next((key for key in _key_set(document).keys if key.kid in (key_id, short)), None)
        return None if key is None else key.get_op_key("verify")
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _verifies(key: object, stated: SignatureText, text: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey) and stated.algorithm == ALGORITHM:
            key.verify(stated.value, text)
        elif isinstance(key, RSAPublicKey) and stated.algorithm in _RSA_NAMES:
            key.verify(stated.value, text, PKCS1v15(), SHA256())
        elif isinstance(key, EllipticCurvePublicKey) and stated.algorithm in _EC_NAMES:
            key.verify(stated.value, text, ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _verifies_body(token: str, body: bytes, *, signed: JsonObject, keys: Mapping[str, Any]) -> bool:
    """Tell whether a JWS is over this body; one without a payload of its own is detached."""
    protected, payload, value = token.split(".")
    if not payload:
        payload = _base64url(body)
    try:
        with warnings.catch_warnings():
            # The library finds `EdDSA` too broad a name; partners use it all the same.
            warnings.simplefilter("ignore", SecurityWarning)
            verified = jws.deserialize_compact(
                f"{protected}.{payload}.{value}", _key_set(keys), algorithms=list(JWS_ALGORITHMS)
            )
        said = verified.payload
        return said == body or read_json(said) in (read_json(body), signed)
    except (JoseError, ValueError, KeyError, TypeError, UnreadableJsonError):
        return False


def _key_set(document: Mapping[str, Any]) -> KeySet:
    """Return the keys of a policy; members that a form left empty are no members."""
    keys = [
        {name: value for name, value in key.items() if value is not None}
        for key in document["keys"]
    ]
    return KeySet.import_key_set({"keys": keys})


@lru_cache(maxsize=8)
def _ring(folder: Path) -> WatchedKeyRing:
    return WatchedKeyRing(folder)


def _active(using: Collaborators) -> tuple[str, Ed25519PrivateKey]:
    ring = _ring(using.keys / SIGNING_KEYS).ring
    return _key_id(ring.active_id, using), Ed25519PrivateKey.from_private_bytes(ring.active)


def _key_id(version: str, using: Collaborators) -> str:
    return f"{using.dci.sender_id}|{version}|{ALGORITHM}"


def _compact(header: JsonObject, payload: bytes, *, private: Ed25519PrivateKey) -> str:
    """Return a compact JWS.

    It is put together here because the library refuses the name `EdDSA` in favour of `Ed25519`
    (RFC 9864), which few partners' libraries know yet.
    """
    parts = [write_json({"alg": _OWN_ALGORITHM, **header}), payload]
    text = ".".join(map(_base64url, parts))
    return f"{text}.{_base64url(private.sign(text.encode()))}"


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _real_seconds() -> int:
    # Signatures are credentials, not business facts: partners live in real time.
    return int(time.time())  # noqa: TID251 -- real time
