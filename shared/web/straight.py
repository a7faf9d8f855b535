"""Routes that are asked thousands of times a second, read without the framework's resolver.

Why: to find out what an endpoint takes, and to call its one dependency, costs the framework as much
as all else that a small request needs. What is not surely right is left to the framework, which
refuses it in its own words.
"""

from collections.abc import Callable, Coroutine
from inspect import signature
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request, Response
from fastapi.params import Security
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from typing_extensions import override

from shared.web.auth import PURPOSE_HEADER, PURPOSE_LENGTH_MAX, Admission

_JSON = "application/json"
_TAKEN = {"body", "principal", "request"}
_MISSHAPEN = "The endpoint of a straight route takes its body, its principal and the request."


class StraightRoute(APIRoute):
    """A route whose endpoint takes `body`, `principal` and `request`, and returns a `Response`.

    Its body is a model, its caller is admitted by `requires`, and it depends on nothing else: what
    is asked of a whole router besides must be what admission sees to already.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        by_framework = super().get_route_handler()
        endpoint = self.endpoint
        admission, scopes, read = _taken(endpoint)

        async def handle(request: Request) -> Response:
            headers = request.headers
            purpose = headers.get(PURPOSE_HEADER, "")
            if headers.get("content-type") != _JSON or len(purpose) > PURPOSE_LENGTH_MAX:
                return await by_framework(request)
            # In the framework's order: who sends no JSON learns that before who they are is asked.
            try:
                sent = await request.json()
            except (ValueError, RecursionError):
                return await by_framework(request)
            principal = await admission.admit(request, scopes)
            try:
                body = read(sent)
            except ValidationError:
                return await by_framework(request)
            response: Response = await endpoint(body=body, principal=principal, request=request)
            return response

        return handle


def _taken(
    endpoint: Callable[..., Any],
) -> tuple[Admission, list[str], Callable[[object], BaseModel]]:
    """Return what admits the callers of an endpoint, with what scopes, and what reads its body."""
    parameters = signature(endpoint, eval_str=True).parameters
    if set(parameters) != _TAKEN:
        raise TypeError(_MISSHAPEN)
    principal = parameters["principal"].annotation
    asked = get_args(principal)[1] if get_origin(principal) is Annotated else None
    if not isinstance(asked, Security) or not isinstance(asked.dependency, Admission):
        raise TypeError(_MISSHAPEN)
    body: type[BaseModel] = parameters["body"].annotation
    return asked.dependency, list(asked.scopes or ()), body.model_validate
