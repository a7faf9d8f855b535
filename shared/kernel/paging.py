"""Opaque keyset cursors: they say where a page ended, and nothing about its rows."""

import base64
import binascii
import json
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

PAGE_ITEMS_MAX = 200
PAGE_ITEMS_DEFAULT = 50


class MalformedCursorError(DomainError):
    """The cursor did not come from an earlier page of the same list."""

    code: ClassVar[str] = "shared.cursor-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def encode_cursor(*values: str) -> str:
    """Return the cursor that stands for the sort key of a page's last row."""
    document = json.dumps(values, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def decode_cursor(cursor: str, *, parts: int) -> tuple[str, ...]:
    """Return the sort key that `encode_cursor` was given.

    Raises:
        MalformedCursorError: It is no cursor of this list.
    """
    message = "The cursor is not one that this list gave out; start again without it."
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise MalformedCursorError(message) from error
    if not isinstance(values, list) or len(values) != parts:
        raise MalformedCursorError(message)
    if not all(isinstance(value, str) for value in values):
        raise MalformedCursorError(message)
    return tuple(values)
