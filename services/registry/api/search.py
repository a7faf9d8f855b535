"""Search over HTTP: persons by identifier or name, households by reference or member.

Searches are sent as bodies, so that no name or number ends in a log of addresses.
"""

import re
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.registry.api.collaborators import Using
from services.registry.api.days import Day, Stated, require_past
from services.registry.api.names import PersonName
from services.registry.api.schemas import NameView
from services.registry.domain.census import TerritoryUnknownError
from services.registry.domain.search import YEARS_AROUND_MAX, Sought
from services.registry.domain.vocabulary import Milieu, PersonStatus, Sex
from services.registry.storage.search import FoundHousehold
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.identifiers_sought import (
    IdentifierKind,
    IdentifierMalformedError,
    SoughtIdentifier,
    sought_identifier,
)
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.search_households import SoughtHousehold, search_households
from services.registry.use_cases.search_persons import (
    Page,
    PersonFound,
    RegionNotAllowedError,
    SearchNameUnreadableError,
    SearchTooWideError,
    search_persons,
)
from shared.kernel.paging import MalformedCursorError, bind_cursors, decode_cursor, encode_cursor
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1", tags=["search"])

PAGE_PERSONS_MAX = 50
PAGE_PERSONS_DEFAULT = 20
_SCORE = re.compile(r"[0-9]{1,4}")

Number = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]+$", min_length=1, max_length=40)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,39}$")]
Cursor = Annotated[str, StringConstraints(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class IdentifierBody(_Strict):
    """A number that a person is looked for by."""

    kind: IdentifierKind
    value: Number


class PersonSearch(_Strict):
    """An identifier alone, or a name and what is known besides."""

    identifier: IdentifierBody | None = None
    name: PersonName | None = None
    birth_date: Day | None = None
    birth_year: Annotated[int, Field(strict=True, ge=1880, le=2200)] | None = None
    years_around: Annotated[int, Field(strict=True, ge=0, le=YEARS_AROUND_MAX)] = 0
    sex: Sex | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    province: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{3}$")] | None = None
    commune: (
        Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{3}\.[0-9.]{1,8}$")] | None
    ) = None
    limit: Annotated[int, Field(strict=True, ge=1, le=PAGE_PERSONS_MAX)] = PAGE_PERSONS_DEFAULT
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        narrowing = (
            self.birth_date,
            self.birth_year,
            self.sex,
            self.region,
            self.province,
            self.commune,
        )
        if (self.identifier is None) == (self.name is None):
            message = "State either an identifier or a name."
            raise ValueError(message)
        if self.identifier is not None and any(one is not None for one in narrowing):
            message = "An identifier is searched alone."
            raise ValueError(message)
        if self.birth_date is not None and self.birth_year is not None:
            message = "State either a birth date or a birth year."
            raise ValueError(message)
        if self.years_around and self.birth_year is None:
            message = "Years around belong to a birth year."
            raise ValueError(message)
        return self


class FoundPersonView(BaseModel):
    """A person who fits: how well, from 0 to 1000, and why."""

    person_id: UUID
    score: int
    reasons: list[str]
    name_ar: NameView
    name_latin: NameView
    sex: Sex
    birth_date: date
    region_code: str
    province_code: str
    commune_code: str
    status: PersonStatus
    household_id: UUID | None


class FoundPersonPage(BaseModel):
    """Persons who fit, the best first."""

    items: list[FoundPersonView]
    next_cursor: str | None


class HouseholdSearch(_Strict):
    """A household's number, or the IDCS of a member."""

    reference: Reference | None = None
    member_idcs: Number | None = None

    @model_validator(mode="after")
    def _states_one(self) -> Self:
        if (self.reference is None) == (self.member_idcs is None):
            message = "State either a reference or a member."
            raise ValueError(message)
        return self


class FoundHouseholdView(BaseModel):
    """A household, and how many live in it now."""

    household_id: UUID
    version: int
    region_code: str
    province_code: str
    commune_code: str
    milieu: Milieu
    members: int


class FoundHouseholdList(BaseModel):
    """Households that fit; there are never many."""

    items: list[FoundHouseholdView]


@router.post(
    "/persons/search",
    responses=problems(
        IdentifierMalformedError,
        MalformedCursorError,
        RegionNotAllowedError,
        SearchNameUnreadableError,
        SearchTooWideError,
        TerritoryUnknownError,
    ),
)
async def search_registry_persons(
    search: PersonSearch,
    principal: Annotated[Principal, requires("registry.persons:search", purpose=True)],
    using: Using,
) -> FoundPersonPage:
    """Return persons by an identifier, or by a name in either script, the best first."""
    year = None if search.birth_year is None else date(search.birth_year, 1, 1)
    births: Stated = {("body", "birth_date"): search.birth_date, ("body", "birth_year"): year}
    require_past(births, clock=using.clock)
    bind_cursors(lambda: search.model_dump_json(exclude={"cursor", "limit"}).encode())
    page = Page(search.limit, None if search.cursor is None else _position(search.cursor))
    found = await search_persons(
        _sought(search, using), _look_up(principal), page=page, using=using
    )
    following = None
    if len(found) == search.limit:
        last = found[-1]
        following = encode_cursor(str(last.fit.score), str(last.version.person_id))
    return FoundPersonPage(items=[_view(one) for one in found], next_cursor=following)


@router.post("/households/search", responses=problems(IdentifierMalformedError))
async def search_registry_households(
    search: HouseholdSearch,
    principal: Annotated[Principal, requires("registry.households:search", purpose=True)],
    using: Using,
) -> FoundHouseholdList:
    """Return the household of a number, or the one that a member lives in."""
    member = None
    if search.member_idcs is not None:
        member = _identifier(IdentifierKind.IDCS, search.member_idcs, using)
    sought = SoughtHousehold(search.reference, member)
    found = await search_households(sought, _look_up(principal), using=using)
    return FoundHouseholdList(items=[_household_view(one) for one in found])


def _sought(search: PersonSearch, using: Collaborators) -> Sought | SoughtIdentifier:
    if search.identifier is not None:
        return _identifier(search.identifier.kind, search.identifier.value, using)
    return Sought(
        name=search.name,
        birth_date=search.birth_date,
        birth_year=search.birth_year,
        years_around=search.years_around,
        sex=search.sex,
        region_code=search.region,
        province_code=search.province,
        commune_code=search.commune,
    )


def _identifier(kind: IdentifierKind, value: str, using: Collaborators) -> SoughtIdentifier:
    return sought_identifier(kind, value, algorithm=using.rules.algorithm)


def _look_up(principal: Principal) -> LookUp:
    return LookUp(
        client=principal.subject, purpose=principal.purpose or "", scope=principal.row_scope
    )


def _position(cursor: str) -> tuple[int, UUID]:
    score, person_id = decode_cursor(cursor, parts=2)
    message = "The cursor is not one that this list gave out; start again without it."
    if not _SCORE.fullmatch(score):
        raise MalformedCursorError(message)
    try:
        return -int(score), UUID(person_id)
    except ValueError as error:
        raise MalformedCursorError(message) from error


def _view(found: PersonFound) -> FoundPersonView:
    version = found.version
    return FoundPersonView.model_validate(
        {
            **version._asdict(),
            "score": found.fit.score,
            "reasons": list(found.fit.reasons),
            "name_ar": NameView(**found.name_ar._asdict()),
            "name_latin": NameView(**found.name_latin._asdict()),
            "household_id": found.household_id,
        }
    )


def _household_view(found: FoundHousehold) -> FoundHouseholdView:
    return FoundHouseholdView.model_validate(found._asdict())
