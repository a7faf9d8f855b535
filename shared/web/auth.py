"""Who calls, and what they may do: every service verifies tokens itself.

Tokens are RFC 9068 access tokens, ES256, at most ten minutes old. A route states its scope with
`requires`; the OpenAPI document then says the same, and the gateway enforces what it says.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import httpx
import structlog
from fastapi import Header, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kernel.errors import DomainError, ErrorKind
from shared.storage.database import RowScope

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
KEYS_FRESH_SECONDS = 300.0
KEYS_REFETCH_SECONDS = 5.0
TOKENS_REMEMBERED_MAX = 4096
CLOCK_SKEW_SECONDS = 30

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]


class UnauthenticatedError(DomainError):
    """No token, or one that this house did not issue for itself."""

    code: ClassVar[str] = "shared.token-invalid"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class ScopeMissingError(DomainError):
    """The token does not carry the scope of this route."""

    code: ClassVar[str] = "shared.scope-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class PurposeMissingError(DomainError):
    """A look-up must say what it is for, with a purpose registered for its caller."""

    code: ClassVar[str] = "shared.purpose-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class KeysUnavailableError(DomainError):
    """The issuer's keys cannot be had, so no token can be verified."""

    code: ClassVar[str] = "shared.keys-unavailable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request, as their token and headers say."""

    subject: str
    scopes: frozenset[str]
    roles: tuple[str, ...]
    regions: tuple[str, ...]
    programmes: tuple[str, ...]
    purposes: tuple[str, ...]
    purpose: str | None = None

    @property
    def row_scope(self) -> RowScope:
        """Return the rows this caller may see."""
        return RowScope(regions=self.regions, programmes=self.programmes)


@dataclass
class TokenVerifier:
    """Verifies access tokens against the issuer's published keys."""

    issuer: str
    audience: str
    fetch_keys: FetchKeys
    _keys: KeySet | None = None
    _fetched_at: float = -KEYS_FRESH_SECONDS
    _remembered: dict[str, tuple[float, Principal]] = field(default_factory=dict)

    async def verify(self, token: str) -> Principal:
        """Return the caller that `token` names.

        Raises:
            UnauthenticatedError: The token is malformed, expired, or meant for somebody else.
            KeysUnavailableError: The issuer's keys cannot be had.
        """
        known = self._remembered.get(token)
        # Tokens are credentials, not business facts.
        if known is not None and known[0] > time.time():  # noqa: TID251 -- real time
            return known[1]
        claims = await self._claims(token)
        principal = _principal_of(claims)
        if len(self._remembered) >= TOKENS_REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[token] = (float(claims["exp"]), principal)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            decoded = await self._decode(token)
            if decoded.header.get("typ") not in ("at+jwt", "application/at+jwt"):
                message = "The token is not an access token."
                raise UnauthenticatedError(message)
            rules = jwt.JWTClaimsRegistry(
                leeway=CLOCK_SKEW_SECONDS,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.audience},
                exp={"essential": True},
                sub={"essential": True},
            )
            rules.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            message = "The access token is not valid here; ask the gateway for a new one."
            raise UnauthenticatedError(message) from error
        return dict(decoded.claims)

    async def _decode(self, token: str) -> jwt.Token:
        keys = await self._current_keys()
        try:
            return jwt.decode(token, keys, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            # The key may be newer than what we hold; ask again, but not for every bad token.
            if time.monotonic() - self._fetched_at < KEYS_REFETCH_SECONDS:
                raise
            keys = await self._fetch()
            return jwt.decode(token, keys, algorithms=[ALGORITHM])

    async def _current_keys(self) -> KeySet:
        stale = time.monotonic() - self._fetched_at > KEYS_FRESH_SECONDS
        if self._keys is None or stale:
            return await self._fetch()
        return self._keys

    async def _fetch(self) -> KeySet:
        self._fetched_at = time.monotonic()
        try:
            document = await self.fetch_keys()
            self._keys = KeySet.import_key_set(document)  # type: ignore[arg-type] # plain JSON
        except (httpx.HTTPError, JoseError, ValueError, KeyError) as error:
            log.warning("issuer-keys-unavailable", reason=type(error).__name__)
            if self._keys is None:
                message = "The issuer's keys cannot be had at the moment; try again shortly."
                raise KeysUnavailableError(message) from error
        return self._keys


def fetch_keys_from(url: str) -> FetchKeys:
    """Return what fetches a JWK set over HTTP."""

    async def fetch() -> Mapping[str, Any]:
        async with httpx.AsyncClient(timeout=5.0) as client:
            response = await client.get(url)
            response.raise_for_status()
            document: Mapping[str, Any] = response.json()
            return document

    return fetch


def _principal_of(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        subject=str(claims["sub"]),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        roles=_words(claims, "roles"),
        regions=_words(claims, "regions"),
        programmes=_words(claims, "programmes"),
        purposes=_words(claims, "purposes"),
    )


def _words(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list claim; a missing one grants nothing."""
    value = claims.get(name, [])
    if isinstance(value, str):
        value = [value]
    return tuple(str(word) for word in value)


_bearer = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth2/token")),
    scheme_name="oauth2",
    auto_error=False,
)


async def _authorised(
    request: Request,
    wanted: SecurityScopes,
    authorization: Annotated[str | None, Security(_bearer)],
) -> Principal:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "Send an access token in the Authorization header."
        raise UnauthenticatedError(message)
    verifier: TokenVerifier = request.app.state.verifier
    principal = await verifier.verify(token)
    if not principal.scopes.issuperset(wanted.scopes):
        message = "The access token does not carry the scope that this route asks for."
        raise ScopeMissingError(message)
    request.state.principal = principal
    return principal


async def _authorised_with_purpose(
    request: Request,
    wanted: SecurityScopes,
    authorization: Annotated[str | None, Security(_bearer)],
    purpose: Annotated[str | None, Header(alias="Sanad-Purpose", max_length=64)] = None,
) -> Principal:
    principal = await _authorised(request, wanted, authorization)
    if purpose is None or purpose not in principal.purposes:
        message = "State in Sanad-Purpose one of the purposes registered for this client."
        raise PurposeMissingError(message)
    stated = Principal(
        subject=principal.subject,
        scopes=principal.scopes,
        roles=principal.roles,
        regions=principal.regions,
        programmes=principal.programmes,
        purposes=principal.purposes,
        purpose=purpose,
    )
    request.state.principal = stated
    return stated


def requires(scope: str, *, purpose: bool = False) -> Any:  # noqa: ANN401 -- FastAPI's own marker
    """Return the dependency that admits callers holding `scope`, and yields their `Principal`.

    Args:
        scope: `<service>.<noun>:<verb>`.
        purpose: Also demand a registered purpose; routes that disclose people do.
    """
    return Security(_authorised_with_purpose if purpose else _authorised, scopes=[scope])
