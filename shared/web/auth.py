"""Who calls, and what they may do: every service verifies tokens itself.

Tokens are RFC 9068 access tokens, ES256, at most ten minutes old. A route states its scope with
`requires`; the OpenAPI document then says the same, and the gateway enforces what it says.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import httpx
import structlog
from fastapi import Header, Request, Security
from fastapi.openapi.models import OAuth2, OAuthFlowClientCredentials, OAuthFlows
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.routing import BaseRoute
from typing_extensions import override

from shared.kernel.errors import DomainError, ErrorKind
from shared.storage.database import RowScope
from shared.web.strictness import hold_to_route

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
PURPOSE_HEADER = "Sanad-Purpose"
PURPOSE_LENGTH_MAX = 64
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

    def stating(self, purpose: str) -> "Principal":
        """Return this caller with what they say it is for."""
        return Principal(
            subject=self.subject,
            scopes=self.scopes,
            roles=self.roles,
            regions=self.regions,
            programmes=self.programmes,
            purposes=self.purposes,
            purpose=purpose,
        )


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


class Admission(SecurityBase):
    """The security scheme of every route, which is itself what admits its callers.

    It also holds them to what the route takes: every dependency more is a twentieth of the
    cost of a small request.
    """

    def __init__(self) -> None:
        flows = OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth2/token"))
        self.model = OAuth2(flows=flows)
        self.scheme_name = "oauth2"

    async def __call__(self, request: Request, wanted: SecurityScopes) -> Principal:
        """Admit the caller of a request, as the framework asks for it."""
        return await self.admit(request, wanted.scopes)

    async def admit(self, request: Request, scopes: Collection[str]) -> Principal:
        """Return the caller of a request that this route may answer.

        Raises:
            DomainError: The caller is not admitted, or the request is not for this route.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Send an access token in the Authorization header."
            raise UnauthenticatedError(message)
        verifier: TokenVerifier = request.app.state.verifier
        principal = await verifier.verify(token)
        if not principal.scopes.issuperset(scopes):
            message = "The access token does not carry the scope that this route asks for."
            raise ScopeMissingError(message)
        await hold_to_route(request)
        request.state.principal = principal
        return principal


class _AdmissionWithPurpose(Admission):
    """Admits only callers who state a purpose registered for them."""

    @override
    async def __call__(
        self,
        request: Request,
        wanted: SecurityScopes,
        _purpose: Annotated[
            str | None, Header(alias=PURPOSE_HEADER, max_length=PURPOSE_LENGTH_MAX)
        ] = None,
    ) -> Principal:
        # A parameter for the document and the length; it is read where everything else is.
        return await self.admit(request, wanted.scopes)

    @override
    async def admit(self, request: Request, scopes: Collection[str]) -> Principal:
        principal = await super().admit(request, scopes)
        purpose = request.headers.get(PURPOSE_HEADER)
        if purpose is None or purpose not in principal.purposes:
            message = "State in Sanad-Purpose one of the purposes registered for this client."
            raise PurposeMissingError(message)
        stated = principal.stating(purpose)
        request.state.principal = stated
        return stated


_ADMISSION = Admission()
_ADMISSION_WITH_PURPOSE = _AdmissionWithPurpose()


def requires(scope: str, *, purpose: bool = False) -> Any:  # noqa: ANN401 -- FastAPI's own marker
    """Return the dependency that admits callers holding `scope`, and yields their `Principal`.

    Args:
        scope: `<service>.<noun>:<verb>`.
        purpose: Also demand a registered purpose; routes that disclose people do.
    """
    return Security(_ADMISSION_WITH_PURPOSE if purpose else _ADMISSION, scopes=[scope])


def admits(route: BaseRoute) -> bool:
    """Return whether a route demands a scope."""
    return isinstance(route, APIRoute) and any(
        isinstance(dependency.call, Admission) for dependency in route.dependant.dependencies
    )
