"""Declarations over HTTP: what has changed for a household or a person, against a receipt."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.api.callers import look_up_of
from services.registry.api.collaborators import Using
from services.registry.api.declaration_bodies import DeclarationBody, declaration_made
from services.registry.api.receipt_views import ReceiptView, receipt_view
from services.registry.use_cases.declaration_errors import (
    DeclarationConflictError,
    DeclarationRefusedError,
)
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.declare import declare
from services.registry.use_cases.read_household import HouseholdNotFoundError
from services.registry.use_cases.read_receipt import (
    ReceiptNotFoundError,
    ReceiptNumberError,
    find_receipt,
    read_receipt,
)
from shared.storage.database import RowScope
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import FieldProblem, problem_response, problems

router = APIRouter(prefix="/registry/v1", tags=["declarations"])

TYPED_CHARACTERS_MAX = 40


class ReceiptSought(BaseModel):
    """A receipt number as somebody typed it; spaces and hyphens do not matter."""

    model_config = ConfigDict(extra="forbid")

    receipt_number: Annotated[str, Field(min_length=1, max_length=TYPED_CHARACTERS_MAX)]


@router.post(
    "/declarations",
    status_code=201,
    response_model=ReceiptView,
    responses=problems(
        DeclarationConflictError,
        DeclarationRefusedError,
        HouseholdNotFoundError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
)
async def declare_registry_change(
    principal: Annotated[Principal, requires("registry.declarations:write", purpose=True)],
    body: Annotated[DeclarationBody, Body()],
    call: Idempotent,
    using: Using,
) -> Response:
    """Record a declaration with all its effects, or nothing of it."""
    declarer = Declarer(principal.subject, principal.purpose or "", principal.regions)

    async def act() -> ReceiptView:
        made = declaration_made(body)
        return receipt_view(await declare(tx, made, declarer=declarer, using=using))

    try:
        # Rights are judged by the rules: a move or a marriage may end in another region.
        async with using.database.transaction(RowScope.everything()) as tx:
            return await call.once(tx, act, status=201)
    except DeclarationRefusedError as error:
        return refusal(error)


@router.get("/receipts/{receipt_id}", responses=problems(ReceiptNotFoundError))
async def read_registry_receipt(
    receipt_id: UUID,
    principal: Annotated[Principal, requires("registry.receipts:read", purpose=True)],
    using: Using,
) -> ReceiptView:
    """Return a receipt."""
    return receipt_view(await read_receipt(receipt_id, look_up_of(principal), using=using))


@router.post("/receipts/search", responses=problems(ReceiptNotFoundError, ReceiptNumberError))
async def find_registry_receipt(
    principal: Annotated[Principal, requires("registry.receipts:read", purpose=True)],
    body: ReceiptSought,
    using: Using,
) -> ReceiptView:
    """Return the receipt with the number that a citizen reads out."""
    found = await find_receipt(body.receipt_number, look_up_of(principal), using=using)
    return receipt_view(found)


def refusal(error: DeclarationRefusedError) -> Response:
    """Return the problem that names every fault of a declaration."""
    return problem_response(
        422,
        code=error.code,
        detail=error.detail,
        errors=[FieldProblem(field=field, code=code) for field, code in error.faults],
    )
