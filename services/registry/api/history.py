"""History over HTTP: every version of a household or a person, the latest first."""

import re
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from services.registry.api.callers import LookUpTimes, look_up_of
from services.registry.api.collaborators import Using
from services.registry.domain.vocabulary import Milieu, PersonStatus
from services.registry.use_cases.read_history import (
    VERSIONS_MAX,
    read_household_history,
    read_person_history,
)
from services.registry.use_cases.read_household import HouseholdNotFoundError
from services.registry.use_cases.read_person import PersonNotFoundError
from shared.kernel.paging import (
    PAGE_ITEMS_DEFAULT,
    PAGE_ITEMS_MAX,
    MalformedCursorError,
    decode_cursor,
    encode_cursor,
)
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1", tags=["history"])

_NUMBER = re.compile("[0-9]{1,9}")

Limit = Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)]
Cursor = Annotated[str | None, Query(max_length=200)]
KnownAt = Annotated[AwareDatetime | None, Query()]


class HouseholdStepView(BaseModel):
    """A version of a household, and the declaration that made it, if one did."""

    version: int
    region_code: str
    province_code: str
    commune_code: str
    milieu: Milieu
    state: str
    members: int
    review_on: date
    valid_from: date
    recorded_at: datetime
    verb: str | None
    receipt_id: UUID | None


class HouseholdHistory(BaseModel):
    """Versions of a household, the latest first."""

    items: list[HouseholdStepView]
    next_cursor: str | None


class PersonStepView(BaseModel):
    """A version of a person; names and identifiers are read by the person's own address."""

    version: int
    region_code: str
    province_code: str
    commune_code: str
    status: PersonStatus
    valid_from: date
    recorded_at: datetime


class PersonHistory(BaseModel):
    """Versions of a person, the latest first."""

    items: list[PersonStepView]
    next_cursor: str | None


@router.get(
    "/households/{household_id}/versions",
    responses=problems(HouseholdNotFoundError, MalformedCursorError),
)
async def list_registry_household_versions(
    household_id: UUID,
    principal: Annotated[Principal, requires("registry.households:read", purpose=True)],
    using: Using,
    *,
    known_at: KnownAt = None,
    limit: Limit = PAGE_ITEMS_DEFAULT,
    cursor: Cursor = None,
) -> HouseholdHistory:
    """Return the versions of a household that were known at an instant, now by default."""
    steps = await read_household_history(
        household_id,
        look_up_of(principal, LookUpTimes(using, known_at=known_at)),
        before=_before(cursor),
        limit=limit,
        using=using,
    )
    following = encode_cursor(str(steps[-1].version)) if len(steps) == limit else None
    items = [HouseholdStepView.model_validate(step._asdict()) for step in steps]
    return HouseholdHistory(items=items, next_cursor=following)


@router.get(
    "/persons/{person_id}/versions", responses=problems(MalformedCursorError, PersonNotFoundError)
)
async def list_registry_person_versions(
    person_id: UUID,
    principal: Annotated[Principal, requires("registry.persons:read", purpose=True)],
    using: Using,
    *,
    known_at: KnownAt = None,
    limit: Limit = PAGE_ITEMS_DEFAULT,
    cursor: Cursor = None,
) -> PersonHistory:
    """Return the versions of a person that were known at an instant, now by default."""
    steps = await read_person_history(
        person_id,
        look_up_of(principal, LookUpTimes(using, known_at=known_at)),
        before=_before(cursor),
        limit=limit,
        using=using,
    )
    following = encode_cursor(str(steps[-1].version)) if len(steps) == limit else None
    items = [PersonStepView.model_validate(step._asdict()) for step in steps]
    return PersonHistory(items=items, next_cursor=following)


def _before(cursor: str | None) -> int:
    if cursor is None:
        return VERSIONS_MAX
    (version,) = decode_cursor(cursor, parts=1)
    if _NUMBER.fullmatch(version) is None:
        message = "The cursor is not one that this list gave out; start again without it."
        raise MalformedCursorError(message)
    return int(version)
