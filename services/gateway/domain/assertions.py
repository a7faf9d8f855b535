"""Client assertions: the short signed statements by which a machine proves who it is.

Source: RFC 7521, RFC 7523 section 3, OpenID Connect Core section 9 (`private_key_jwt`).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.gateway.domain.errors import ClientRefusedError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE_MAX = timedelta(minutes=5)
CLOCK_LEEWAY = timedelta(seconds=10)
NAME_CHARACTERS_MAX = 128
# Both reach the storage, which takes neither NUL nor half a surrogate pair.
_NAME = re.compile(rf"[\x21-\x7e]{{1,{NAME_CHARACTERS_MAX}}}")
SECONDS_MAX = 32_503_680_000  # the year 3000; larger numbers are no instant of ours


@dataclass(frozen=True, slots=True)
class Assertion:
    """An accepted statement; `jti` may be spent once until `expires_at` (UTC)."""

    client_id: str
    jti: str
    expires_at: datetime


def claimed_client(claims: Mapping[str, object]) -> str:
    """Return the client that unverified claims speak of, so that its keys can be found.

    Raises:
        ClientRefusedError: `iss` and `sub` are not one and the same name.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or issuer != subject or not _NAME.fullmatch(issuer):
        reason = "assertion-not-about-its-issuer"
        raise ClientRefusedError(reason, "An assertion's iss and sub are both the client id.")
    return issuer


def accepted_assertion(
    claims: Mapping[str, object], *, audiences: Collection[str], now: datetime
) -> Assertion:
    """Return the statement behind verified claims.

    Args:
        claims: Claims whose signature was already found good.
        audiences: The names of this server: its issuer and its token endpoint. One of them must
            be the only audience, so that an assertion made for somebody else is worth nothing.
        now: The instant of receipt, UTC. `exp` lies after it, by `ASSERTION_LIFE_MAX` at most.

    Raises:
        ClientRefusedError: Wrong audience, expired, too long-lived, from the future, or no `jti`.
    """
    client_id = claimed_client(claims)
    if _only_audience(claims.get("aud")) not in audiences:
        reason = "assertion-for-another-audience"
        raise ClientRefusedError(reason, "An assertion's only aud is the issuer of this server.")
    expires_at = _instant(claims.get("exp"))
    if expires_at is None or not now < expires_at <= now + ASSERTION_LIFE_MAX:
        reason = "assertion-expired-or-too-long"
        raise ClientRefusedError(reason, "An assertion expires within the next 5 minutes.")
    for name in ("nbf", "iat"):
        instant = _instant(claims.get(name, 0))
        if instant is None or instant > now + CLOCK_LEEWAY:
            reason = "assertion-from-the-future"
            raise ClientRefusedError(reason, "An assertion's nbf and iat are not in the future.")
    return Assertion(client_id=client_id, jti=_jti(claims.get("jti")), expires_at=expires_at)


def _only_audience(audience: object) -> str | None:
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    return audience if isinstance(audience, str) else None


def _instant(value: object) -> datetime | None:
    """Read a NumericDate, which may be fractional; a boolean is not a number here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= SECONDS_MAX:
        return None
    return datetime.fromtimestamp(value, UTC)


def _jti(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        reason = "assertion-without-jti"
        detail = f"An assertion has a jti of 1 to {NAME_CHARACTERS_MAX} printable characters."
        raise ClientRefusedError(reason, detail)
    return value
