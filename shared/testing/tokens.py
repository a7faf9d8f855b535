"""Access tokens for tests, signed by a key of their own and really verified."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.runtime.ids import new_id
from shared.web.auth import ALGORITHM, TokenVerifier

ISSUER = "http://issuer.test"
AUDIENCE = "sanad"


class Issuer:
    """Issues tokens as the gateway would."""

    def __init__(self) -> None:
        """Make a signing key."""
        self._key = ECKey.generate_key("P-256", auto_kid=True)

    def verifier(self) -> TokenVerifier:
        """Return what verifies these tokens."""

        async def fetch() -> Mapping[str, Any]:
            return KeySet([self._key]).as_dict(private=False)

        return TokenVerifier(issuer=ISSUER, audience=AUDIENCE, fetch_keys=fetch)

    def token(
        self,
        *scopes: str,
        subject: str = "client-under-test",
        regions: Sequence[str] = ("*",),
        programmes: Sequence[str] = ("*",),
        **claims: object,
    ) -> str:
        """Return an access token with these scopes; further claims override the usual ones."""
        now = int(time.time())  # noqa: TID251 -- tokens expire by real time
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "client_id": subject,
            "iat": now,
            "exp": now + 300,
            "jti": str(new_id()),
            "scope": " ".join(scopes),
            "roles": [],
            "regions": list(regions),
            "programmes": list(programmes),
            "purposes": ["identity-verification"],
            **claims,
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, payload, self._key)

    def headers(self, *scopes: str, **claims: Any) -> dict[str, str]:  # noqa: ANN401 -- any claim
        """Return the request headers of a caller with these scopes and a purpose."""
        token = self.token(*scopes, **claims)
        return {"Authorization": f"Bearer {token}", "Sanad-Purpose": "identity-verification"}
