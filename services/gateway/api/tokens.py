"""The token endpoint, the published keys, and what a client needs to know about both.

Sources: RFC 6749 sections 4.4 and 5, RFC 7517, RFC 8414. Refusals of the token endpoint have the
shape OAuth gives them, since OAuth libraries read it.
"""

from typing import Annotated
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from services.gateway.api.schemas import (
    AuthorizationServer,
    OAuthRefusal,
    PublishedKeys,
    TokenAnswer,
    TokenForm,
)
from services.gateway.domain.errors import (
    ClientRefusedError,
    TokenRefusedError,
    TokenRequestMalformedError,
    TokenRequestTooLargeError,
)
from services.gateway.domain.tokens import SIGNING_ALGORITHM
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.issue_token import GRANT_TYPE, TokenRequest, issue_token
from services.gateway.use_cases.publish_keys import publish_keys
from shared.runtime.metrics import Metrics
from shared.web.problems import STATUS_OF_KIND

log = structlog.get_logger(__name__)
router = APIRouter(tags=["identity"])

FORM_TYPE = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 16_384
FORM_FIELDS_MAX = 16
KEYS_CACHE_SECONDS = 300
TOKEN_PATH = "/oauth2/token"  # noqa: S105 -- an address, no secret
KEYS_PATH = "/.well-known/jwks.json"
_UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _collaborators(request: Request) -> Collaborators:
    collaborators: Collaborators = request.app.state.collaborators
    return collaborators


GatewayCollaborators = Annotated[Collaborators, Depends(_collaborators)]


@router.post(
    TOKEN_PATH,
    response_model=TokenAnswer,
    responses={
        400: {"model": OAuthRefusal, "description": "RFC 6749 section 5.2"},
        401: {"model": OAuthRefusal, "description": "The client was not authenticated"},
        413: {"model": OAuthRefusal, "description": "The form is too long"},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FORM_TYPE: {"schema": TokenForm.model_json_schema()}},
        }
    },
)
async def post_token(request: Request, collaborators: GatewayCollaborators) -> Response:
    """Give a machine an access token for the key it signed its assertion with."""
    metrics: Metrics = request.app.state.metrics
    issued = metrics.counter("sanad_gateway_tokens_total", "Token requests.", ("outcome",))
    try:
        asked = _token_request(await _form(request))
        token = await issue_token(asked, collaborators=collaborators)
    except TokenRefusedError as error:
        issued.labels(error.oauth_error).inc()
        return _refusal(error)
    issued.labels("issued").inc()
    log.info("token-issued", client=token.client_id)
    answer = TokenAnswer(
        access_token=token.access_token,
        expires_in=token.expires_in_seconds,
        scope=" ".join(token.scopes),
    )
    return JSONResponse(answer.model_dump(), headers=_UNCACHED)


@router.get(KEYS_PATH)
async def get_keys(response: Response, collaborators: GatewayCollaborators) -> PublishedKeys:
    """List the public keys of our tokens; an unknown kid is a reason to read this again."""
    response.headers["Cache-Control"] = f"public, max-age={KEYS_CACHE_SECONDS}"
    keys = await publish_keys(collaborators.database)
    return PublishedKeys.model_validate(keys)


@router.get("/.well-known/oauth-authorization-server")
async def get_authorization_server(collaborators: GatewayCollaborators) -> AuthorizationServer:
    """Describe how and where tokens are asked for (RFC 8414)."""
    issuer = collaborators.tokens.issuer
    return AuthorizationServer(
        issuer=issuer,
        token_endpoint=f"{issuer}{TOKEN_PATH}",
        jwks_uri=f"{issuer}{KEYS_PATH}",
        service_documentation=f"{issuer}/docs",
        scopes_supported=sorted(collaborators.book.scopes),
        grant_types_supported=[GRANT_TYPE],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=[SIGNING_ALGORITHM],
        response_types_supported=[],
    )


async def _form(request: Request) -> dict[str, str]:
    """Read the form, which repeats no parameter (RFC 6749 section 3.2)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        message = f"A token request is a form: {FORM_TYPE}."
        raise TokenRequestMalformedError(message)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            message = f"A token request has at most {FORM_BYTES_MAX} bytes."
            raise TokenRequestTooLargeError(message)
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=FORM_FIELDS_MAX)
    except ValueError as error:
        message = "The form cannot be read."
        raise TokenRequestMalformedError(message) from error
    form = dict(pairs)
    if len(form) < len(pairs):
        message = "A parameter is given twice."
        raise TokenRequestMalformedError(message)
    return form


def _token_request(form: dict[str, str]) -> TokenRequest:
    return TokenRequest(
        grant_type=form.get("grant_type"),
        client_assertion_type=form.get("client_assertion_type"),
        client_assertion=form.get("client_assertion"),
        client_id=form.get("client_id"),
        scope=form.get("scope"),
        subject=form.get("subject"),
    )


def _refusal(error: TokenRefusedError) -> Response:
    # The log tells an unknown client from a wrong signature; the caller does not learn it.
    reason = error.reason if isinstance(error, ClientRefusedError) else error.code
    log.warning("token-refused", reason=reason)
    refusal = OAuthRefusal(error=error.oauth_error, error_description=error.detail)
    return JSONResponse(
        refusal.model_dump(), status_code=STATUS_OF_KIND[error.kind], headers=_UNCACHED
    )
