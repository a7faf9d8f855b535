"""Lists of RAMED over HTTP: send one, follow it, read what became of its rows."""

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from services.registry.api.collaborators import Using
from services.registry.domain.ramed import HEADER, Outcome, RamedHeaderError
from services.registry.storage.ramed import RamedMatching
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_ramed import (
    RamedMatchingNotFoundError,
    RamedRowAsMatched,
    RowsWanted,
    list_ramed_rows,
    read_ramed_matching,
)
from services.registry.use_cases.receive_ramed import (
    BYTES_MAX,
    RamedEmptyError,
    RamedEncodingError,
    RamedRequest,
    receive_ramed,
    rows_of,
)
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.web.auth import Principal, requires
from shared.web.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    Idempotent,
)
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/ramed-matchings", tags=["ramed"])

MEDIA_TYPE = "text/csv"
_LINE = re.compile(r"[0-9]{1,9}")


class RamedMediaTypeError(DomainError):
    """The body is announced as something else than CSV."""

    code: ClassVar[str] = "registry.ramed-media-type"
    kind: ClassVar[ErrorKind] = ErrorKind.UNSUPPORTED


class RamedMatchingView(BaseModel):
    """A list and how far it is matched; the counts of rows done add up."""

    matching_id: UUID
    state: Literal["received", "matching", "completed"]
    rows_total: int
    matched: int
    ambiguous: int
    unknown: int
    malformed: int
    created_at: datetime
    completed_at: datetime | None


class RamedRowView(BaseModel):
    """What became of a row: whom it names, how surely, and what speaks for it or against it."""

    line: int
    number: str
    outcome: Outcome
    person_ids: list[UUID]
    score: int
    reasons: list[str]


class RamedRowPage(BaseModel):
    """Rows in the order of the list."""

    items: list[RamedRowView]
    next_cursor: str | None


def _csv(content_type: Annotated[str | None, Header(max_length=200)] = None) -> None:
    if (content_type or "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        message = f"Send the list as {MEDIA_TYPE}, in UTF-8, beginning with the line {HEADER}"
        raise RamedMediaTypeError(message)


@router.post(
    "",
    status_code=202,
    max_body_size=BYTES_MAX,
    response_model=RamedMatchingView,
    responses=problems(
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        RamedEmptyError,
        RamedEncodingError,
        RamedHeaderError,
        RamedMediaTypeError,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
async def receive_registry_ramed_list(
    request: Request,
    *,
    # The caller first: who may not call learns that, and nothing else.
    principal: Annotated[Principal, requires("registry.ramed:write")],
    _: Annotated[None, Depends(_csv)],
    call: Idempotent,
    using: Using,
) -> Response:
    """Take a list; its rows are matched in the background and then forgotten."""
    rows = rows_of(await request.body())
    asked = RamedRequest(principal.subject, principal.regions)
    async with using.database.transaction(principal.row_scope) as tx:

        async def act() -> RamedMatchingView:
            return _view(await receive_ramed(tx, asked, rows, using=using))

        return await call.once(tx, act, status=202)


@router.get("/{matching_id}", responses=problems(RamedMatchingNotFoundError))
async def read_registry_ramed_matching(
    matching_id: UUID,
    principal: Annotated[Principal, requires("registry.ramed:read")],
    using: Using,
) -> RamedMatchingView:
    """Return how far a list is matched."""
    return _view(await read_ramed_matching(matching_id, _look_up(principal), using=using))


@router.get(
    "/{matching_id}/rows", responses=problems(MalformedCursorError, RamedMatchingNotFoundError)
)
async def list_registry_ramed_rows(
    matching_id: UUID,
    principal: Annotated[Principal, requires("registry.ramed:read", purpose=True)],
    using: Using,
    *,
    outcome: Annotated[Outcome | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> RamedRowPage:
    """Return what became of the rows of a list, in their order."""
    wanted = RowsWanted(
        limit=limit,
        outcome=None if outcome is None else outcome.value,
        after=0 if cursor is None else _line(cursor),
    )
    rows = await list_ramed_rows(matching_id, wanted, _look_up(principal), using=using)
    following = encode_cursor(str(rows[-1].result.line)) if len(rows) == limit else None
    return RamedRowPage(items=[_row_view(row) for row in rows], next_cursor=following)


def _look_up(principal: Principal) -> LookUp:
    return LookUp(
        client=principal.subject, purpose=principal.purpose or "", scope=principal.row_scope
    )


def _line(cursor: str) -> int:
    (line,) = decode_cursor(cursor, parts=1)
    if not _LINE.fullmatch(line):
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message)
    return int(line)


def _view(matching: RamedMatching) -> RamedMatchingView:
    return RamedMatchingView.model_validate(asdict(matching))


def _row_view(row: RamedRowAsMatched) -> RamedRowView:
    return RamedRowView.model_validate({**row.result._asdict(), "number": row.number})
