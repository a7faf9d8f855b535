"""What a request may be, besides what its schema says: nothing in it is read in two ways, or not.

Two parsers disagree about a name that is given twice, and a body that is encoded is not the text
that was signed, logged or judged on the way here.
"""

import json
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.types import Scope

from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.paging import bind_cursors
from shared.web.parameters import refuse_ambiguous_query

# They say which page is wanted, and not of what list.
_OF_A_PAGE = frozenset({"cursor", "limit"})
_WHOLE = frozenset({dict, list})


class ContentEncodingError(DomainError):
    """The body is compressed or otherwise encoded; this house takes it as it is."""

    code: ClassVar[str] = "shared.content-encoding-unsupported"
    kind: ClassVar[ErrorKind] = ErrorKind.UNSUPPORTED


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
        JsonKeyRepeatedError: An object in it names a key twice.
    """
    refuse_ambiguous_query(request)
    for name, value in request.scope["headers"]:
        if name == b"content-encoding" and value.lower() != b"identity":
            message = "Send the body without a Content-Encoding."
            raise ContentEncodingError(message)
    await _refuse_repeated_keys(request)
    bind_cursors(partial(_list_asked, request.scope))


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
    except ValueError:
        return  # It is no JSON, which the schema refuses, or says nothing.
    if isinstance(value, dict | list):
        body = await request.body()
        # Each key has its colon: if there are no more, none is repeated; texts may have some too.
        if body.count(b":") != _keys(value):
            _KEYS_ONCE.decode(body.decode(json.detect_encoding(body), "surrogatepass"))


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


def _require_keys_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        message = "An object in the body names a key twice."
        raise JsonKeyRepeatedError(message)


_KEYS_ONCE = json.JSONDecoder(object_pairs_hook=_require_keys_once)


def _list_asked(scope: Scope) -> bytes:
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    narrowing = sorted(pair for pair in query if pair[0] not in _OF_A_PAGE)
    return f"{scope['path']}?{urlencode(narrowing)}".encode()
