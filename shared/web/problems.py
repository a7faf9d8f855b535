"""Problem documents (RFC 9457): a stable code for machines, a sentence for people.

No document repeats a submitted value: an error body is logged, cached and forwarded by others.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.kernel.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
FIELD_ERRORS_MAX = 50
RETRY_SECONDS = "2"
# Not registered anywhere; what proxies commonly log for a caller who left.
CALLER_GONE = 499

STATUS_OF_KIND: Mapping[ErrorKind, HTTPStatus] = {
    ErrorKind.MALFORMED: HTTPStatus.BAD_REQUEST,
    ErrorKind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorKind.CONFLICT: HTTPStatus.CONFLICT,
    ErrorKind.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED,
    ErrorKind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorKind.UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorKind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorKind.PRECONDITION_REQUIRED: HTTPStatus.PRECONDITION_REQUIRED,
    ErrorKind.LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}

_GENERIC_CODES: Mapping[int, tuple[str, str]] = {
    400: ("shared.request-malformed", "The request cannot be read."),
    404: ("shared.not-found", "There is nothing at this address."),
    405: ("shared.method-not-allowed", "This address does not take this method."),
    413: ("shared.body-too-large", "The body is larger than this route takes."),
    415: ("shared.media-type-unsupported", "This route does not take this media type."),
}


class FieldProblem(BaseModel):
    """Where a request went wrong, and how; never with what value."""

    field: str
    code: str


class Problem(BaseModel):
    """The body of every refusal."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | None = None


# Declared on every route, since any of them can answer so.
COMMON_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "model": Problem,
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 413, 415, 422, 429, 503)
}


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may refuse with these errors."""
    responses: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status = STATUS_OF_KIND[error.kind]
        codes = responses.get(status.value, {}).get("description", "")
        responses[status.value] = {
            "model": Problem,
            "description": f"{codes}, {error.code}" if codes else error.code,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def problem_response(
    status: int,
    *,
    code: str,
    detail: str,
    errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document as a response."""
    problem = Problem(
        type=f"urn:sanad:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=None if errors is None else list(errors),
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=None if headers is None else dict(headers),
    )


def install_problems(app: FastAPI) -> None:
    """Make every refusal of `app` a problem document."""
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(OperationalError, _on_storage_away)
    app.add_exception_handler(PoolTimeout, _on_storage_away)
    app.add_exception_handler(ClientDisconnect, _on_caller_gone)
    app.add_exception_handler(Exception, _on_unexpected)


def domain_problem(error: DomainError) -> JSONResponse:
    """Return the problem document of a refusal."""
    status = STATUS_OF_KIND[error.kind]
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        seconds = error.retry_after_seconds
        headers["Retry-After"] = RETRY_SECONDS if seconds is None else str(seconds)
    return problem_response(status, code=error.code, detail=error.detail, headers=headers)


async def _on_domain_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, DomainError):
        raise error
    return domain_problem(error)


async def _on_validation_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = error.errors()[:FIELD_ERRORS_MAX]
    fields = [
        FieldProblem(field=".".join(str(part) for part in fault["loc"]), code=str(fault["type"]))
        for fault in faults
    ]
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem_response(400, code="shared.json-malformed", detail="The body is not JSON.")
    return problem_response(
        422,
        code="shared.request-invalid",
        detail="Some fields of the request are not valid; each is named with its fault.",
        errors=fields,
    )


async def _on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    code, detail = _GENERIC_CODES.get(
        error.status_code, ("shared.request-refused", "The request was refused.")
    )
    return problem_response(
        error.status_code, code=code, detail=detail, headers=error.headers or {}
    )


async def _on_storage_away(_request: Request, error: Exception) -> JSONResponse:
    log.warning("storage-away", reason=type(error).__name__)
    return problem_response(
        503,
        code="shared.storage-unavailable",
        detail="The service cannot reach its storage at the moment; try again shortly.",
        headers={"Retry-After": RETRY_SECONDS},
    )


async def _on_caller_gone(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the caller left before the body was read, which is no fault of ours."""
    return Response(status_code=CALLER_GONE)


async def _on_unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("request-failed", reason=type(error).__name__, exc_info=error)
    return problem_response(
        500,
        code="shared.unexpected",
        detail="Something went wrong on our side; it has been recorded.",
    )
