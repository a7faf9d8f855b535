"""A query may name only what its route has, and each name once."""

from collections.abc import Iterator
from typing import ClassVar

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from shared.kernel.errors import DomainError, ErrorKind


class UnknownParameterError(DomainError):
    """The query names a parameter that this route does not have."""

    code: ClassVar[str] = "shared.parameter-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ParameterRepeatedError(DomainError):
    """The query names a parameter twice; no route takes several values of one."""

    code: ClassVar[str] = "shared.parameter-repeated"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def refuse_ambiguous_query(request: Request) -> None:
    """Refuse a query parameter that the route does not declare, or one that is stated twice.

    Why: a misspelt filter that is ignored answers a question nobody asked, and so does the one of
    two that was not meant.

    Raises:
        UnknownParameterError: There is one that the route does not have.
        ParameterRepeatedError: There is one twice.
    """
    if not request.scope["query_string"]:
        return
    known = _declared(request)
    stated = [name for name, _ in request.query_params.multi_items()]
    if not known.issuperset(stated):
        message = "The query names a parameter that this route does not have."
        raise UnknownParameterError(message)
    if len(set(stated)) != len(stated):
        message = "The query names a parameter twice."
        raise ParameterRepeatedError(message)


def _declared(request: Request) -> frozenset[str]:
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return frozenset()
    # Not read from the document: to write it takes a large service a second, and holds all else.
    state = request.app.state
    read: dict[object, frozenset[str]] | None = getattr(state, "declared_parameters", None)
    if read is None:
        read = state.declared_parameters = {}
    known = read.get(route.endpoint)
    if known is None:
        known = read[route.endpoint] = frozenset(_query_names(route))
    return known


def _query_names(route: APIRoute) -> Iterator[str]:
    for parameter in get_flat_params(route.dependant):
        if isinstance(parameter.field_info, Query):
            yield parameter.alias
