"""A person's own consents over HTTP: what they let whom learn, and the end of it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.registry.api.access_log import CURSOR_CHARACTERS_MAX
from services.registry.api.collaborators import Using
from services.registry.api.consents import consent_position
from services.registry.api.own_records import (
    AttributeView,
    Me,
    WordsView,
    attribute_views,
    words_view,
)
from services.registry.use_cases.own_consents import (
    ToldConsent,
    read_own_consents,
    withdraw_own_consent,
)
from services.registry.use_cases.read_access_log import NotAPersonError
from services.registry.use_cases.record_consent import ConsentNotFoundError
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    encode_cursor,
)
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/me/consents", tags=["own record"])


class OwnConsentView(BaseModel):
    """What the reader let a partner learn, what for, until when, and when they ended it if so."""

    consent_id: UUID
    partner: WordsView
    purpose: WordsView
    attributes: list[AttributeView]
    valid_from: date
    valid_until: date
    recorded_at: datetime
    withdrawn_at: datetime | None


class OwnConsentPage(BaseModel):
    """Consents, the newest first."""

    items: list[OwnConsentView]
    next_cursor: str | None


@router.get("", responses=problems(MalformedCursorError, NotAPersonError))
async def list_registry_own_consents(
    principal: Me,
    using: Using,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
) -> OwnConsentPage:
    """Return what the reader consented to, withdrawn or not, in words; this look is logged too."""
    after = None if cursor is None else consent_position(cursor)
    consents = await read_own_consents(principal.subject, after=after, limit=limit, using=using)
    following = encode_cursor(str(consents[-1].consent_id)) if len(consents) == limit else None
    return OwnConsentPage(items=list(map(_view, consents)), next_cursor=following)


@router.delete("/{consent_id}", responses=problems(ConsentNotFoundError, NotAPersonError))
async def withdraw_registry_own_consent(
    consent_id: UUID,
    principal: Annotated[Principal, requires("registry.me:write")],
    using: Using,
) -> OwnConsentView:
    """End a consent of the reader's; nothing more is told by it, and it stays on record."""
    return _view(await withdraw_own_consent(principal.subject, consent_id, using=using))


def _view(told: ToldConsent) -> OwnConsentView:
    return OwnConsentView(
        consent_id=told.consent_id,
        partner=words_view(told.partner),
        purpose=words_view(told.purpose),
        attributes=attribute_views(told.attributes),
        valid_from=told.valid_from,
        valid_until=told.valid_until,
        recorded_at=told.recorded_at,
        withdrawn_at=told.withdrawn_at,
    )
