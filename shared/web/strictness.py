"""What a request may be, besides what its schema says: nothing in it is read in two ways, or not.

Two parsers disagree about a name that is given twice, and a body that is encoded is not the text
that was signed, logged or judged on the way here.
"""

import json
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException, Request
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.types import Scope

from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.paging import bind_cursors
from shared.web.parameters import refuse_ambiguous_query

# They say which page is wanted, and not of what list.
_OF_A_PAGE = frozenset({"cursor", "limit"})
# The first of two would be acted on, and the other perhaps logged on the way here.
_STATED_ONCE = frozenset(
    {b"authorization", b"sanad-purpose", b"idempotency-key", b"if-match", b"content-digest"}
)
_WHOLE = frozenset({dict, list})


class ContentEncodingError(DomainError):
    """The body is compressed or otherwise encoded; this house takes it as it is."""

    code: ClassVar[str] = "shared.content-encoding-unsupported"
    kind: ClassVar[ErrorKind] = ErrorKind.UNSUPPORTED


class HeaderRepeatedError(DomainError):
    """A header that can say one thing alone is stated twice."""

    code: ClassVar[str] = "shared.header-repeated"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


class JsonKeyRepeatedError(DomainError):
    """An object in the body names a key twice."""

    code: ClassVar[str] = "shared.json-key-repeated"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


async def hold_to_route(request: Request) -> None:
    """Refuse a request that its route does not take word for word, and name its list.

    Raises:
        UnknownParameterError: The query names a parameter that the route does not have.
        ParameterRepeatedError: It names a parameter twice.
        ContentEncodingError: The body is encoded.
        HeaderRepeatedError: A header that says who asks, or for what, is stated twice.
        JsonKeyRepeatedError: An object in it names a key twice.
        HTTPException: It nests too deeply to be held to that.
    """
    refuse_ambiguous_query(request)
    _refuse_ambiguous_headers(request.scope["headers"])
    await _refuse_repeated_keys(request)
    bind_cursors(partial(_list_asked, request.scope))


def _refuse_ambiguous_headers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    stated = set()
    for name, value in headers:
        if name in _STATED_ONCE:
            if name in stated:
                message = "A header that says who asks, and for what, is stated twice."
                raise HeaderRepeatedError(message)
            stated.add(name)
        elif name == b"content-encoding" and value.lower() != b"identity":
            message = "Send the body without a Content-Encoding."
            raise ContentEncodingError(message)


async def _refuse_repeated_keys(request: Request) -> None:
    """Refuse a repeated key in a body that the framework has read.

    A route that reads its body by itself, as a stream or straight from the bytes, sees to it.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return
    if isinstance(route.body_field.field_info, Form):
        return
    try:
        value = await request.json()
    except (ValueError, RecursionError):
        return  # It is no JSON, which the schema refuses, or says nothing.
    if isinstance(value, dict | list):
        body = await request.body()
        # Each key has its colon: if there are no more, none is repeated; texts may have some too.
        if body.count(b":") != _keys(value):
            _require_all_keys_once(body)


def _keys(document: dict[str, Any] | list[Any]) -> int:
    """Return how many keys the objects of a document have, however deep they stand."""
    total, whole = 0, [document]
    while whole:
        part = whole.pop()
        if isinstance(part, dict):
            total += len(part)
            part = [*part.values()]
        whole += [inner for inner in part if type(inner) in _WHOLE]
    return total


def _require_all_keys_once(body: bytes) -> None:
    try:
        _KEYS_ONCE.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError as error:
        # It was read before by a stack less deep; the framework refuses deeper ones in these words.
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error


def _require_keys_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        message = "An object in the body names a key twice."
        raise JsonKeyRepeatedError(message)


_KEYS_ONCE = json.JSONDecoder(object_pairs_hook=_require_keys_once)


def _list_asked(scope: Scope) -> bytes:
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    narrowing = sorted(pair for pair in query if pair[0] not in _OF_A_PAGE)
    return f"{scope['path']}?{urlencode(narrowing)}".encode()
