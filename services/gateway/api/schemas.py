"""What the gateway's own routes take and give."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain.assertions import ASSERTION_TYPE


class TokenForm(BaseModel):
    """A token request (RFC 6749 section 4.4.2, RFC 7523 section 2.2)."""

    model_config = ConfigDict(title="TokenForm")

    grant_type: Literal["client_credentials"]
    client_assertion_type: str = Field(json_schema_extra={"const": ASSERTION_TYPE})
    client_assertion: str = Field(description="A JWT signed with ES256 by the client's key.")
    client_id: str | None = None
    scope: str | None = Field(default=None, description="Fewer scopes than the client has.")
    subject: str | None = Field(
        default=None, description="Demonstrations only: the person whom a citizen's token names."
    )


class TokenAnswer(BaseModel):
    """An access token, and the seconds it lasts."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a name from RFC 6750
    expires_in: int
    scope: str


class OAuthRefusal(BaseModel):
    """Why no token was given (RFC 6749 section 5.2)."""

    error: str
    error_description: str


class PublishedKey(BaseModel):
    """The public half of a signing key (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    use: Literal["sig"]
    alg: Literal["ES256"]


class PublishedKeys(BaseModel):
    """Every key that a valid token may name, and the next one."""

    keys: list[PublishedKey]


class AuthorizationServer(BaseModel):
    """Authorization server metadata (RFC 8414)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    service_documentation: str
    scopes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    response_types_supported: list[str]
