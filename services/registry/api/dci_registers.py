"""The registers over the DCI standard: social (households) and civil (persons, life events)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from services.registry.api.collaborators import Using
from services.registry.api.dci_exchange import DciRoute, JsonOnly, responses
from services.registry.api.dci_schemas import (
    JSON,
    REQUEST_BODY,
    DciAcknowledgement,
    DciAnswer,
    DciKeys,
)
from services.registry.domain.dci_contract import Register
from services.registry.domain.dci_envelope import Action, instant_text
from services.registry.domain.dci_json import write_json
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_answer_now import answer_now
from services.registry.use_cases.dci_signing import public_keys
from services.registry.use_cases.dci_take_message import Caller, Posted, take_message
from shared.web.auth import Principal, requires

SignatureHeader = Annotated[str | None, Header(alias="Signature", max_length=16_384)]

_NOUN_OF: Mapping[Register, str] = MappingProxyType(
    {Register.SOCIAL: "social", Register.CIVIL: "civil"}
)


@dataclass(frozen=True, slots=True)
class _Served:
    """One path of a register: what it takes, and who may send it."""

    path: str
    action: Action
    verb: str
    summary: str
    purpose: bool = False
    """Whether it leads to people being disclosed."""
    at_once: bool = False


_SERVED = (
    _Served("search", Action.SEARCH, "search", "Search; the answer is called back.", purpose=True),
    _Served("subscribe", Action.SUBSCRIBE, "subscribe", "Wait for events.", purpose=True),
    _Served("unsubscribe", Action.UNSUBSCRIBE, "subscribe", "Wait for events no longer."),
    _Served("txn/status", Action.TXN_STATUS, "search", "Ask to be called back with a status."),
    _Served(
        "sync/search", Action.SEARCH, "search", "Search, and wait.", purpose=True, at_once=True
    ),
    _Served(
        "sync/txn/status", Action.TXN_STATUS, "search", "Ask for a status, and wait.", at_once=True
    ),
)


def register_router(register: Register) -> APIRouter:
    """Return the paths of the standard that a register serves.

    The other five of its eleven are the partner's: this house posts to them.
    """
    router = APIRouter(
        prefix=f"/dci/{register}/v1.0.0/registry",
        tags=[f"dci-{_NOUN_OF[register]}"],
        route_class=DciRoute,
    )
    for served in _SERVED:
        _serve(router, register, served)
    return router


keys_router = APIRouter(prefix="/registry/v1", tags=["dci-keys"])


@keys_router.get("/dci-keys")
async def read_registry_dci_keys(
    _: Annotated[Principal, requires("registry.dci-keys:read")], using: Using
) -> DciKeys:
    """Return the public keys by which partners verify answers, callbacks and our tokens."""
    return DciKeys.model_validate(public_keys(using=using))


def _serve(router: APIRouter, register: Register, served: _Served) -> None:
    noun = _NOUN_OF[register]
    scope = f"registry.{noun}:{served.verb}"

    async def receive(
        request: Request,
        # The caller first: who may not call learns that, and nothing else.
        principal: Annotated[Principal, requires(scope, purpose=served.purpose)],
        _: JsonOnly,
        using: Using,
        *,
        signature: SignatureHeader = None,
    ) -> Response:
        posted = Posted(
            register=register,
            action=served.action,
            body=await request.body(),
            signature_header=signature,
            caller=_caller(principal),
        )
        return await (_answer if served.at_once else _acknowledge)(posted, using=using)

    router.add_api_route(
        f"/{served.path}",
        receive,
        methods=["POST"],
        name=f"dci_{noun}_{served.path}".replace("/", "_"),
        summary=served.summary,
        response_model=None,
        response_class=Response,
        responses=_all_responses(f"{router.prefix}/{served.path}", at_once=served.at_once),
        openapi_extra=REQUEST_BODY,
    )


def _all_responses(path: str, *, at_once: bool) -> dict[int | str, dict[str, Any]]:
    model, words = DciAcknowledgement, "The message is kept; its answer will be called back."
    if at_once:
        return {200: {"model": DciAnswer, "description": "The answer."}, **responses(path)}
    return {200: {"model": model, "description": words}, **responses(path)}


def _caller(principal: Principal) -> Caller:
    return Caller(
        client=principal.subject,
        purpose=principal.purpose,
        regions=principal.regions,
        programmes=principal.programmes,
    )


async def _acknowledge(posted: Posted, *, using: Collaborators) -> Response:
    kept = await take_message(posted, using=using)
    body = write_json(
        {
            "message": {
                "ack_status": "ACK",
                "timestamp": instant_text(kept.at),
                "correlation_id": kept.correlation_id,
            }
        }
    )
    return Response(body, media_type=JSON)


async def _answer(posted: Posted, *, using: Collaborators) -> Response:
    answer = await answer_now(posted, using=using)
    headers = {"Signature": answer.signature_header}
    return Response(answer.body, media_type=JSON, headers=headers)
