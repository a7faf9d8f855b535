"""Access tokens: what a JSON Web Token of this platform says.

Source: RFC 9068 (profile `at+jwt`), RFC 7519.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.gateway.domain.clients import Client

TOKEN_TYPE = "at+jwt"  # noqa: S105 -- the media type of a token, no secret
TOKEN_LIFE_MAX = timedelta(minutes=10)
SIGNING_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Who issues tokens, for whom, and for how long (never beyond `TOKEN_LIFE_MAX`)."""

    issuer: str
    audience: str
    life: timedelta = TOKEN_LIFE_MAX

    @property
    def life_seconds(self) -> int:
        """Return the seconds between a token's `iat` and its `exp`."""
        return int(min(self.life, TOKEN_LIFE_MAX).total_seconds())


def access_token_claims(
    client: Client,
    *,
    scopes: Sequence[str],
    policy: TokenPolicy,
    issued_at: datetime,
    token_id: str,
    subject: str | None = None,
) -> dict[str, object]:
    """Return the claims of a client's token.

    The subject of a machine's token is the machine itself, unless it acts for a person.
    """
    issued_at_seconds = int(issued_at.timestamp())
    return {
        "iss": policy.issuer,
        "aud": policy.audience,
        "sub": client.client_id if subject is None else subject,
        "client_id": client.client_id,
        "scope": " ".join(scopes),
        "roles": list(client.roles),
        "regions": list(client.regions),
        "programmes": list(client.programmes),
        "purposes": list(client.purposes),
        "iat": issued_at_seconds,
        "exp": issued_at_seconds + policy.life_seconds,
        "jti": token_id,
    }
