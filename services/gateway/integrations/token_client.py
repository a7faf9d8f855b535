"""Ask a gateway for a token with the private key in a file, as any partner's machine would."""

import json
from datetime import datetime
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from services.gateway.domain.assertions import ASSERTION_TYPE
from services.gateway.domain.tokens import SIGNING_ALGORITHM
from shared.runtime.ids import new_id

ASSERTION_SECONDS = 60


class TokenNotGivenError(Exception):
    """The gateway refused; the message holds its OAuth error name alone."""


def issuer_in(key_file: Path) -> str:
    """Return the issuer that a demonstration's key file was made for."""
    return str(json.loads(key_file.read_text("utf-8"))["issuer"])


def signed_assertion(key_file: Path, *, audience: str, now: datetime) -> str:
    """Return a client assertion that expires `ASSERTION_SECONDS` after `now` (UTC).

    Args:
        key_file: JSON with `client_id` and `private_key` (a JWK).
        audience: The issuer of the gateway.
        now: The true instant, not a demonstration's.
    """
    card = json.loads(key_file.read_text("utf-8"))
    key = ECKey.import_key(card["private_key"])
    header = {"alg": SIGNING_ALGORITHM, "kid": key.kid}
    instant = int(now.timestamp())
    claims = {
        "iss": card["client_id"],
        "sub": card["client_id"],
        "aud": audience,
        "iat": instant,
        "exp": instant + ASSERTION_SECONDS,
        "jti": str(new_id()),
    }
    return jwt.encode(header, claims, key, algorithms=[SIGNING_ALGORITHM])


async def request_token(
    issuer_url: str,
    key_file: Path,
    http: httpx.AsyncClient,
    *,
    now: datetime,
    subject: str | None = None,
) -> str:
    """Return a fresh access token with every scope of the client.

    Args:
        issuer_url: The gateway.
        key_file: The client's id and private key.
        http: What asks.
        now: The true instant, not a demonstration's.
        subject: In demonstrations, the person whom a citizen's token names.

    Raises:
        TokenNotGivenError: The gateway refused the client.
        httpx.TransportError: The gateway cannot be reached.
    """
    response = await http.post(
        f"{issuer_url.rstrip('/')}/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed_assertion(key_file, audience=issuer_url, now=now),
            **({} if subject is None else {"subject": subject}),
        },
    )
    body = response.json()
    if response.status_code != httpx.codes.OK:
        message = f"The gateway gave no token: {body.get('error', response.status_code)}."
        raise TokenNotGivenError(message)
    return str(body["access_token"])
