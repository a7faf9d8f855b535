"""Errors that say why in words no protocol owns."""

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """What went wrong in general; the web layer picks the status from it."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    PRECONDITION_FAILED = "precondition-failed"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    PRECONDITION_REQUIRED = "precondition-required"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that a caller can understand and act on.

    Subclasses state a stable `code` (`<service>.<slug>`) that clients may switch on, and a
    `kind`. The message is one sentence for people and never repeats a submitted value.
    """

    code: ClassVar[str]
    kind: ClassVar[ErrorKind]
    retry_after_seconds: int | None = None
    """When asking again can help, if that is known; the web layer tells the caller."""

    def __init__(self, detail: str) -> None:
        """Take the sentence that tells a person what to do about it."""
        super().__init__(detail)
        self.detail = detail
