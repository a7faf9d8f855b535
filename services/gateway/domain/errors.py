"""Refusals of the front door, each with its stable code and, for tokens, its OAuth name."""

from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind


class UnknownRoleError(DomainError):
    """A role that the role file does not list."""

    code = "gateway.role-unknown"
    kind = ErrorKind.NOT_FOUND


class ClientMalformedError(DomainError):
    """A registration that could never authenticate, or that claims more than its roles have."""

    code = "gateway.client-malformed"
    kind = ErrorKind.INVALID


class ClientChangeRefusedError(Exception):
    """An administrator's change at a terminal cannot be made; the message says why."""


class TokenRefusedError(DomainError):
    """A token request was refused; `oauth_error` is its name in RFC 6749 section 5.2."""

    oauth_error: ClassVar[str]


class TokenRequestMalformedError(TokenRefusedError):
    """A parameter is missing, repeated, too long or of the wrong form."""

    code = "gateway.token-request-malformed"
    kind = ErrorKind.MALFORMED
    oauth_error = "invalid_request"


class TokenRequestTooLargeError(TokenRefusedError):
    """The form is longer than any honest one."""

    code = "gateway.token-request-too-large"
    kind = ErrorKind.TOO_LARGE
    oauth_error = "invalid_request"


class GrantUnsupportedError(TokenRefusedError):
    """Only client credentials are granted."""

    code = "gateway.grant-unsupported"
    kind = ErrorKind.MALFORMED
    oauth_error = "unsupported_grant_type"


class ScopeRefusedError(TokenRefusedError):
    """The client asked for a scope it does not have."""

    code = "gateway.scope-refused"
    kind = ErrorKind.MALFORMED
    oauth_error = "invalid_scope"


class ClientRefusedError(TokenRefusedError):
    """The client did not prove who it is.

    Unknown, disabled and wrongly signed look alike from outside; only our log tells them apart.
    """

    code = "gateway.client-refused"
    kind = ErrorKind.UNAUTHENTICATED
    oauth_error = "invalid_client"

    def __init__(self, reason: str, detail: str = "The client could not be authenticated.") -> None:
        """Take a short constant `reason` for the log, and the sentence for the caller."""
        super().__init__(detail)
        self.reason = reason


class SigningKeyMissingError(DomainError):
    """No key signs yet: the first one is made when the process starts."""

    code = "gateway.signing-key-missing"
    kind = ErrorKind.UNAVAILABLE
