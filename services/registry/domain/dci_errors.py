"""What a DCI message can be refused for, in the standard's own codes."""

from enum import StrEnum

from shared.kernel.errors import ErrorKind


class AckCode(StrEnum):
    """Why a message was not taken at all; the only codes an acknowledgement may carry."""

    BAD = "err.request.bad"
    UNAUTHORISED = "err.request.unauthorized"
    FORBIDDEN = "err.request.forbidden"
    NOT_FOUND = "err.request.not_found"
    TIMEOUT = "err.request.timeout"
    TOO_MANY = "err.request.too_many_requests"
    VERSION = "err.version.not_supported"
    SENDER_ID = "err.sender_id.invalid"
    SENDER_URI = "err.sender_uri.invalid"
    RECEIVER_ID = "err.receiver_id.invalid"
    SIGNATURE_MISSING = "err.signature.missing"
    SIGNATURE_INVALID = "err.signature.invalid"
    ENCRYPTION = "err.encryption.invalid"
    UNAVAILABLE = "err.service.unavailable"


class HeaderReason(StrEnum):
    """Why a message was refused as a whole, as the header of an answer says it."""

    VERSION_INVALID = "rjct.version.invalid"
    MESSAGE_ID_DUPLICATE = "rjct.message_id.duplicate"
    MESSAGE_TS_INVALID = "rjct.message_ts.invalid"
    ACTION_INVALID = "rjct.action.invalid"
    ACTION_NOT_SUPPORTED = "rjct.action.not_supported"
    TOTAL_COUNT_INVALID = "rjct.total_count.invalid"
    TOTAL_COUNT_LIMIT_EXCEEDED = "rjct.total_count.limit_exceeded"
    ERRORS_TOO_MANY = "rjct.errors.too_many"


class DciFault(Exception):  # noqa: N818 -- the standard's word; it never leaves as a problem
    """A message that is not taken: nothing of it is done.

    The message of the exception never repeats what was sent.
    """

    def __init__(
        self,
        code: AckCode,
        message: str,
        *,
        kind: ErrorKind = ErrorKind.MALFORMED,
        reason: HeaderReason | None = None,
    ) -> None:
        """Say why.

        Args:
            code: What an acknowledgement says.
            message: A sentence for people.
            kind: What went wrong in general; the web layer picks the status from it.
            reason: What the header of a synchronous answer says besides, where it has a code.
        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.kind = kind
        self.reason = reason


ACK_CODE_OF_KIND = {
    ErrorKind.UNAUTHENTICATED: AckCode.UNAUTHORISED,
    ErrorKind.FORBIDDEN: AckCode.FORBIDDEN,
    ErrorKind.NOT_FOUND: AckCode.NOT_FOUND,
    ErrorKind.LIMITED: AckCode.TOO_MANY,
    ErrorKind.UNAVAILABLE: AckCode.UNAVAILABLE,
}
"""Refusals of this house that are no matter of the message; every other kind is `BAD`."""
