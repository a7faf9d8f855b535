"""Opaque keyset cursors: they say where a page ended, and nothing about its rows.

A cursor belongs to the list that gave it out. What list that is, is known to whoever takes the
request, and not to every place that makes a cursor: it is bound once, for the task of the request.
"""

import base64
import binascii
import json
from collections.abc import Callable
from contextvars import ContextVar
from hashlib import sha256
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

PAGE_ITEMS_MAX = 200
PAGE_ITEMS_DEFAULT = 50
_DIGEST_BYTES = 9

_list_asked: ContextVar[Callable[[], bytes]] = ContextVar("list_asked", default=bytes)


class MalformedCursorError(DomainError):
    """The cursor did not come from an earlier page of the same list."""

    code: ClassVar[str] = "shared.cursor-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def bind_cursors(list_asked: Callable[[], bytes]) -> None:
    """Let cursors of this task, from now on, belong to one list.

    Args:
        list_asked: Returns what tells the list from others: its address and what narrows it. It is
            called when a cursor is made or read, if one is.
    """
    _list_asked.set(list_asked)


def encode_cursor(*values: str) -> str:
    """Return the cursor that stands for the sort key of a page's last row."""
    document = json.dumps((_digest(), *values), separators=(",", ":")).encode()
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
    except (binascii.Error, ValueError, RecursionError) as error:
        raise MalformedCursorError(message) from error
    if not isinstance(values, list) or len(values) != 1 + parts:
        raise MalformedCursorError(message)
    if not all(isinstance(value, str) for value in values):
        raise MalformedCursorError(message)
    digest, *key = values
    if digest != _digest():
        raise MalformedCursorError(message)
    return tuple(key)


def _digest() -> str:
    digest = sha256(_list_asked.get()()).digest()[:_DIGEST_BYTES]
    return base64.urlsafe_b64encode(digest).decode()
