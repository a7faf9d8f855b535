"""Issue an access token to a machine that proved who it is.

Source: RFC 6749 section 4.4 (client credentials), RFC 7523 section 2.2 (`private_key_jwt`).
"""

from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from services.gateway.domain.assertions import ASSERTION_TYPE
from services.gateway.domain.clients import Client
from services.gateway.domain.errors import (
    ClientRefusedError,
    GrantUnsupportedError,
    SigningKeyMissingError,
    TokenRequestMalformedError,
)
from services.gateway.domain.tokens import SIGNING_ALGORITHM, TOKEN_TYPE, access_token_claims
from services.gateway.storage.assertions import spend_assertion
from services.gateway.storage.signing_keys import (
    PRIVATE_COLUMN,
    TABLE,
    SigningKey,
    find_active_key,
)
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.verify_assertion import verify_assertion
from shared.runtime.ids import new_id

GRANT_TYPE = "client_credentials"
CITIZEN = "citizen"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The parameters of a token request, as sent; None where absent."""

    grant_type: str | None
    client_assertion_type: str | None
    client_assertion: str | None
    client_id: str | None
    scope: str | None
    subject: str | None = None
    """In demonstrations, the person whom a citizen's token names."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed token, the seconds it lasts, and what it allows."""

    access_token: str
    expires_in_seconds: int
    scopes: tuple[str, ...]
    client_id: str


async def issue_token(request: TokenRequest, *, collaborators: Collaborators) -> IssuedToken:
    """Return a token for the signer of the request's assertion, and spend the assertion.

    Raises:
        TokenRefusedError: One of its subclasses, by RFC 6749 section 5.2.
        SigningKeyMissingError: No signing key was made.
    """
    compact = _assertion_of(request)
    async with collaborators.database.transaction() as tx:
        client, assertion = await verify_assertion(tx, compact, collaborators=collaborators)
        if request.client_id not in {None, client.client_id}:
            raise ClientRefusedError(reason="client-id-differs")
        scopes = client.granted(request.scope, book=collaborators.book)
        if not await spend_assertion(tx, assertion):
            reason = "assertion-replayed"
            raise ClientRefusedError(reason, "The assertion was used before; sign a new one.")
        key = await find_active_key(tx)
    if key is None:
        message = "No key signs tokens yet; try again shortly."
        raise SigningKeyMissingError(message)
    subject = _subject_of(request, client, is_demo=collaborators.is_demo)
    return _issued(client, scopes, key, subject=subject, collaborators=collaborators)


def _assertion_of(request: TokenRequest) -> str:
    if request.grant_type is None:
        message = "The grant_type parameter is missing."
        raise TokenRequestMalformedError(message)
    if request.grant_type != GRANT_TYPE:
        message = "Only client_credentials are granted here."
        raise GrantUnsupportedError(message)
    if request.client_assertion_type != ASSERTION_TYPE or not request.client_assertion:
        reason = "assertion-missing"
        detail = "Authenticate with a client_assertion of type jwt-bearer (private_key_jwt)."
        raise ClientRefusedError(reason, detail)
    return request.client_assertion


def _subject_of(request: TokenRequest, client: Client, *, is_demo: bool) -> str | None:
    """Return the person a demonstration signs in as; elsewhere a person proves who they are."""
    if request.subject is None:
        return None
    if not is_demo or client.roles != (CITIZEN,):
        message = "A subject is stated for a citizen of a demonstration only."
        raise TokenRequestMalformedError(message)
    try:
        return str(UUID(request.subject))
    except ValueError as error:
        message = "The subject is the pseudonym of a person, a UUID."
        raise TokenRequestMalformedError(message) from error


def _issued(
    client: Client,
    scopes: tuple[str, ...],
    key: SigningKey,
    *,
    subject: str | None,
    collaborators: Collaborators,
) -> IssuedToken:
    claims = access_token_claims(
        client,
        scopes=scopes,
        policy=collaborators.tokens,
        issued_at=collaborators.clock.now(),
        token_id=str(new_id()),
        subject=subject,
    )
    header = {"alg": SIGNING_ALGORITHM, "kid": key.standing.kid, "typ": TOKEN_TYPE}
    private = collaborators.sealed.unseal_bytes(
        key.private_sealed, table=TABLE, column=PRIVATE_COLUMN, row_id=key.key_id
    )
    return IssuedToken(
        access_token=jwt.encode(
            header, claims, ECKey.import_key(private), algorithms=[SIGNING_ALGORITHM]
        ),
        expires_in_seconds=collaborators.tokens.life_seconds,
        scopes=scopes,
        client_id=client.client_id,
    )
