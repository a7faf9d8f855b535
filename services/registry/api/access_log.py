"""The access log over HTTP, for auditors: who looked at a person, and the head of the chain."""

import base64
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from services.registry.api.collaborators import Using
from services.registry.storage.access_log import AccessesAsked
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_access_log import read_access_log, read_head
from services.registry.use_cases.read_person import PersonNotFoundError
from shared.kernel.paging import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX
from shared.web.auth import Principal, requires
from shared.web.problems import problems

CURSOR_CHARACTERS_MAX = 512
CLIENT_CHARACTERS_MAX = 64
CLIENT_PATTERN = "^[!-~]+$"

router = APIRouter(prefix="/registry/v1", tags=["access log"])


class AccessView(BaseModel):
    """One person disclosed to one client for one purpose."""

    access_id: UUID
    accessed_at: datetime
    client: str
    purpose: str
    action: str
    attributes: list[str]
    result: str
    consent_id: UUID | None
    person_id: UUID
    household_id: UUID | None
    valid_on: date
    known_at: datetime


class AccessPageView(BaseModel):
    """Disclosures, the newest first."""

    items: list[AccessView]
    next_cursor: str | None


class ChainHeadView(BaseModel):
    """The newest block of the sealed log; kept elsewhere, it shows a chain that was cut short.

    Hash and signature are base64 of their bytes.
    """

    number: int
    rows: int
    hash: str
    key_id: str
    signature: str
    sealed_at: datetime


class _Filters:
    """Whose rows are asked for, and which of them."""

    def __init__(
        self,
        person_id: UUID,
        *,
        client: Annotated[
            str | None, Query(max_length=CLIENT_CHARACTERS_MAX, pattern=CLIENT_PATTERN)
        ] = None,
        since: Annotated[AwareDatetime | None, Query()] = None,
        until: Annotated[AwareDatetime | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
    ) -> None:
        self.asked = AccessesAsked(person_id, limit, since=since, until=until, client=client)


@router.get("/access-log", responses=problems(PersonNotFoundError))
async def read_registry_access_log(
    principal: Annotated[Principal, requires("registry.access-log:read", purpose=True)],
    using: Using,
    filters: Annotated[_Filters, Depends()],
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
) -> AccessPageView:
    """Return who looked at a person; this look is logged too."""
    look_up = LookUp(principal.subject, principal.purpose or "", principal.row_scope)
    page = await read_access_log(filters.asked, look_up, cursor=cursor, using=using)
    return AccessPageView(
        items=[AccessView.model_validate(item._asdict()) for item in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/access-log/head")
async def read_registry_access_log_head(
    _principal: Annotated[Principal, requires("registry.access-log:read")],
    using: Using,
) -> ChainHeadView | None:
    """Return the newest sealed block, or null before the first; it tells of nobody."""
    head = await read_head(using=using)
    if head is None:
        return None
    return ChainHeadView(
        number=head.number,
        rows=head.rows,
        hash=base64.b64encode(head.hash).decode(),
        key_id=head.key_id,
        signature=base64.b64encode(head.signature).decode(),
        sealed_at=datetime.fromisoformat(head.sealed_at),
    )
