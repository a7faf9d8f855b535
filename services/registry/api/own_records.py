"""What a person may read about themselves: their record, and who looked at it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.registry.api.access_log import CURSOR_CHARACTERS_MAX
from services.registry.api.collaborators import Using
from services.registry.api.person_view import person_view
from services.registry.api.schemas import PersonView
from services.registry.domain.purposes import Words
from services.registry.use_cases.read_access_log import (
    NotAPersonError,
    ToldAccess,
    own_id,
    own_look_up,
    read_own_access_log,
)
from services.registry.use_cases.read_person import PersonNotFoundError, read_person
from shared.kernel.paging import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/me", tags=["own record"])


class WordsView(BaseModel):
    """The same in Arabic and in French."""

    ar: str
    fr: str


class AttributeView(BaseModel):
    """An attribute that was asked about or told: its code, and its name."""

    code: str
    ar: str
    fr: str


class OwnAccessView(BaseModel):
    """A look-up of the reader's own record: who, when, what for, which data, and the answer."""

    access_id: UUID
    accessed_at: datetime
    who: WordsView
    purpose: WordsView
    legal_basis: WordsView | None
    attributes: list[AttributeView]
    result: WordsView
    consent_id: UUID | None


class OwnAccessPage(BaseModel):
    """Look-ups, the newest first."""

    items: list[OwnAccessView]
    next_cursor: str | None


Me = Annotated[Principal, requires("registry.me:read")]


@router.get("", responses=problems(NotAPersonError, PersonNotFoundError))
async def read_registry_own_record(principal: Me, using: Using) -> PersonView:
    """Return what is registered of the reader; this look is logged too."""
    person_id = own_id(principal.subject)
    return person_view(await read_person(person_id, own_look_up(person_id), using=using))


@router.get("/access-log", responses=problems(NotAPersonError))
async def read_registry_own_access_log(
    principal: Me,
    using: Using,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT,
) -> OwnAccessPage:
    """Return who looked at the reader's record, in words."""
    page = await read_own_access_log(principal.subject, at_most=limit, cursor=cursor, using=using)
    return OwnAccessPage(items=list(map(_view, page.items)), next_cursor=page.next_cursor)


def _view(told: ToldAccess) -> OwnAccessView:
    return OwnAccessView(
        access_id=told.access_id,
        accessed_at=told.accessed_at,
        who=words_view(told.who),
        purpose=words_view(told.purpose),
        legal_basis=None if told.legal_basis is None else words_view(told.legal_basis),
        attributes=attribute_views(told.attributes),
        result=words_view(told.result),
        consent_id=told.consent_id,
    )


def words_view(words: Words) -> WordsView:
    """Return words as a person reads them."""
    return WordsView(ar=words.ar, fr=words.fr)


def attribute_views(attributes: Sequence[tuple[str, Words]]) -> list[AttributeView]:
    """Return attributes and their names as a person reads them."""
    return [AttributeView(code=code, ar=words.ar, fr=words.fr) for code, words in attributes]
