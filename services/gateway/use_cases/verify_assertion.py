"""Find out which client signed an assertion."""

import json
from collections.abc import Mapping, Sequence

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.gateway.domain.assertions import Assertion, accepted_assertion, claimed_client
from services.gateway.domain.clients import Client, PublicKey
from services.gateway.domain.errors import ClientRefusedError
from services.gateway.domain.operations import mapping
from services.gateway.domain.tokens import SIGNING_ALGORITHM
from services.gateway.storage.clients import find_client
from services.gateway.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction

ASSERTION_CHARACTERS_MAX = 4_096


async def verify_assertion(
    tx: Transaction, compact: str, *, collaborators: Collaborators
) -> tuple[Client, Assertion]:
    """Return the client and its statement, which is not spent yet.

    Raises:
        ClientRefusedError: The signature, the client or a claim is not acceptable.
    """
    header, claims = _unverified(compact)
    client = await find_client(tx, claimed_client(claims))
    if client is None:
        raise ClientRefusedError(reason="client-unknown")
    _check_signature(compact, _key(client.public_keys, header.get("kid")))
    if client.disabled:
        raise ClientRefusedError(reason="client-disabled")
    assertion = accepted_assertion(
        claims, audiences=collaborators.audiences, now=collaborators.clock.now()
    )
    return client, assertion


def _unverified(compact: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    if len(compact) > ASSERTION_CHARACTERS_MAX:
        raise ClientRefusedError(reason="assertion-too-long")
    try:
        signed = jws.extract_compact(compact.encode())
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise ClientRefusedError(reason="assertion-malformed") from error
    header = signed.headers()
    # An allow-list of one, before any key is looked at: "none" and HMAC made from a public key
    # are the classic ways in.
    if header.get("alg") != SIGNING_ALGORITHM:
        raise ClientRefusedError(reason="assertion-algorithm")
    return header, mapping(claims)


def _key(keys: Sequence[PublicKey], kid: object) -> PublicKey:
    named = [key for key in keys if key["kid"] == kid or (kid is None and len(keys) == 1)]
    if not named:
        raise ClientRefusedError(reason="client-key-unknown")
    return named[0]


def _check_signature(compact: str, key: PublicKey) -> None:
    try:
        jws.deserialize_compact(
            compact, ECKey.import_key(dict(key)), algorithms=[SIGNING_ALGORITHM]
        )
    except JoseError as error:
        raise ClientRefusedError(reason="assertion-signature") from error
