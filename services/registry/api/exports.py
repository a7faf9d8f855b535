"""Exports over HTTP: ask for many records, follow the writing, read them as JSON Lines."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from services.registry.api.collaborators import Using
from services.registry.api.days import Day
from services.registry.domain.census import TerritoryUnknownError
from services.registry.domain.policies import (
    AttributeNotAgreedError,
    BatchNotAgreedError,
    ConsentMissingError,
    IdentifierNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.storage.exports import ExportJob
from services.registry.use_cases.ask_export import (
    ExportAsked,
    ExportDayInFutureError,
    ExportNotFoundError,
    ExportOutOfScopeError,
    ask_export,
    read_export,
)
from services.registry.use_cases.read_export_content import (
    ExportForgottenError,
    ExportNotReadyError,
    ExportPurposeError,
    read_export_content,
    require_agreed,
    require_readable,
)
from shared.web.auth import Principal, requires
from shared.web.idempotency import Idempotent
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/exports", tags=["exports"])

MEDIA_TYPE = "application/jsonl"


class ExportRequest(BaseModel):
    """Which records are wanted; what each tells is settled by the caller's policy."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["persons", "households"]
    region_code: Annotated[str, Field(pattern=r"^[0-9]{2}$")] | None = None
    province_code: Annotated[str, Field(pattern=r"^[0-9]{2}\.[0-9]{3}$")] | None = None
    valid_on: Day | None = None


class ExportView(BaseModel):
    """An export and how far it is written."""

    export_id: UUID
    kind: Literal["persons", "households"]
    purpose: str
    regions: list[str]
    province_code: str | None
    attributes: list[str]
    valid_on: date
    known_at: datetime
    state: Literal["requested", "writing", "completed", "failed", "forgotten"]
    failure_code: str | None
    lines: int
    created_at: datetime
    completed_at: datetime | None


@router.post(
    "",
    status_code=202,
    responses=problems(
        AttributeNotAgreedError,
        BatchNotAgreedError,
        ConsentMissingError,
        ExportDayInFutureError,
        ExportOutOfScopeError,
        PolicyMissingError,
        PurposeNotAgreedError,
        TerritoryUnknownError,
    ),
    response_model=ExportView,
)
async def ask_registry_export(
    asked: ExportRequest,
    *,
    principal: Annotated[Principal, requires("registry.exports:write", purpose=True)],
    call: Idempotent,
    using: Using,
) -> Response:
    """Have persons or households written as JSON Lines, as they were on a day."""
    wanted = ExportAsked(
        client=principal.subject,
        purpose=principal.purpose or "",
        regions=principal.regions,
        kind=asked.kind,
        region_code=asked.region_code,
        province_code=asked.province_code,
        valid_on=asked.valid_on,
    )
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> ExportView:
            return _view(await ask_export(tx, wanted, using=using))

        return await call.once(tx, act, status=202)


@router.get("/{export_id}", responses=problems(ExportNotFoundError))
async def read_registry_export(
    export_id: UUID,
    principal: Annotated[Principal, requires("registry.exports:write", purpose=True)],
    using: Using,
) -> ExportView:
    """Return how far an export is."""
    return _view(await read_export(export_id, client=principal.subject, using=using))


@router.get(
    "/{export_id}/content",
    responses={
        **problems(
            AttributeNotAgreedError,
            BatchNotAgreedError,
            ConsentMissingError,
            ExportForgottenError,
            ExportNotFoundError,
            ExportNotReadyError,
            ExportOutOfScopeError,
            ExportPurposeError,
            IdentifierNotAgreedError,
            PolicyMissingError,
            PurposeNotAgreedError,
        ),
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    },
    response_class=StreamingResponse,
)
async def read_registry_export_content(
    export_id: UUID,
    principal: Annotated[Principal, requires("registry.exports:write", purpose=True)],
    using: Using,
) -> StreamingResponse:
    """Return the records, one JSON object a line, while the policy still covers them."""
    job = await read_export(export_id, client=principal.subject, using=using)
    require_readable(job, purpose=principal.purpose or "")
    await require_agreed(job, regions=principal.regions, using=using)
    return StreamingResponse(read_export_content(job, using=using), media_type=MEDIA_TYPE)


def _view(job: ExportJob) -> ExportView:
    fields = ExportView.model_fields
    return ExportView.model_validate(
        {name: value for name, value in asdict(job).items() if name in fields}
    )
