"""How routes of the DCI standard are called and refused: in its own shapes, never as problems."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from typing_extensions import override

from services.registry.api.dci_schemas import (
    JSON,
    DciAcknowledgement,
    DciAnswerRefused,
    DciErrors,
)
from services.registry.domain.dci_contract import JsonObject, JsonValue
from services.registry.domain.dci_envelope import Action, OutgoingHeader, Status, instant_text
from services.registry.domain.dci_errors import ACK_CODE_OF_KIND, AckCode, DciFault
from services.registry.domain.dci_json import write_json
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.web.problems import RETRY_SECONDS, STATUS_OF_KIND

log = structlog.get_logger(__name__)

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_REFUSED = (DciFault, DomainError, RequestValidationError, OperationalError, PoolTimeout)
_AT_ONCE = {"search": Action.ON_SEARCH, "status": Action.TXN_ON_STATUS}
_REFUSALS = (400, 401, 403, 404, 409, 415, 429, 503)


class DciRoute(APIRoute):
    """A route whose refusals have the standard's shape.

    For 401 and 403 the standard prescribes a list of errors, for all else the acknowledgement or
    the answer of the path. A refusal is both, so that every client finds what it looks for.
    """

    @override
    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()
        action = answers_at_once(self.path)

        async def handle_in_the_standards_shape(request: Request) -> Response:
            try:
                return await handle(request)
            except _REFUSED as error:
                return _refusal(request, error, action)

        return handle_in_the_standards_shape


def answers_at_once(path: str) -> Action | None:
    """Return what a path answers with; None if it only acknowledges."""
    return _AT_ONCE[path.rpartition("/")[2]] if "/sync/" in path else None


def responses(path: str) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of a route as its document describes them."""
    model = DciAcknowledgement if answers_at_once(path) is None else DciAnswerRefused
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": model, "description": HTTPStatus(status).phrase} for status in _REFUSALS
    }
    # What stands before every route may say these, and knows the list of errors alone.
    for status in (401, 403, 413, 502, 503, 504):
        refusals[status] = {"model": DciErrors, "description": HTTPStatus(status).phrase}
    refusals[422] = {"model": model, "description": "Never given: such a message is a 400 here."}
    return refusals


def _json_only(content_type: Annotated[str | None, Header(max_length=200)] = None) -> None:
    if (content_type or "").partition(";")[0].strip().lower() != JSON:
        message = f"Send the message as {JSON}."
        raise DciFault(AckCode.BAD, message, kind=ErrorKind.UNSUPPORTED)


JsonOnly = Annotated[None, Depends(_json_only)]


def _fault_of(error: Exception) -> DciFault:
    if isinstance(error, DciFault):
        return error
    if isinstance(error, DomainError):
        code = ACK_CODE_OF_KIND.get(error.kind, AckCode.BAD)
        kind = error.kind if error.kind in ACK_CODE_OF_KIND else ErrorKind.MALFORMED
        return DciFault(code, error.detail, kind=kind)
    if isinstance(error, RequestValidationError):
        return DciFault(AckCode.BAD, "A header or a parameter is not as it must be.")
    log.warning("storage-away", reason=type(error).__name__)
    message = "The registry cannot reach its storage; try again shortly."
    return DciFault(AckCode.UNAVAILABLE, message, kind=ErrorKind.UNAVAILABLE)


def _refusal(request: Request, cause: Exception, action: Action | None) -> Response:
    fault = _fault_of(cause)
    wait = cause.retry_after_seconds if isinstance(cause, DomainError) else None
    using: Collaborators = request.app.state.collaborators
    error: JsonObject = {"code": fault.code, "message": fault.message}
    members: dict[str, JsonValue] = {"errors": [error]}
    if action is None:
        members["message"] = {
            "ack_status": "ERR",
            "timestamp": instant_text(using.clock.now()),
            # Nothing was kept under this name; the standard asks for one all the same.
            "correlation_id": new_id().hex,
            "error": error,
        }
    else:
        members["header"] = _refused_header(fault, action, using=using)
    status = STATUS_OF_KIND[fault.kind]
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = RETRY_SECONDS if wait is None else str(wait)
    return Response(write_json(members), status_code=status, media_type=JSON, headers=headers)


def _refused_header(fault: DciFault, action: Action, *, using: Collaborators) -> JsonObject:
    return OutgoingHeader(
        action=action,
        message_id=new_id().hex,
        at=using.clock.now(),
        sender_id=using.dci.sender_id,
        receiver_id=None,
        status=Status.REJECTED,
        total_count=0,
        completed_count=0,
        reason=fault.reason,
        reason_message=fault.message,
    ).as_json()
