"""Look-ups over HTTP: a household or a person, at any day as known at any instant."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from services.registry.api.collaborators import Using
from services.registry.api.person_view import person_view
from services.registry.api.schemas import HouseholdView, PersonView
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_household import HouseholdNotFoundError, read_household
from services.registry.use_cases.read_person import PersonNotFoundError, read_person
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1", tags=["look-ups"])


class _Times:
    """The day a look-up asks about, and the instant whose knowledge it wants."""

    def __init__(
        self,
        valid_on: Annotated[date | None, Query()] = None,
        known_at: Annotated[AwareDatetime | None, Query()] = None,
    ) -> None:
        self.valid_on: date | None = valid_on
        self.known_at: datetime | None = known_at


Times = Annotated[_Times, Depends()]


@router.get("/households/{household_id}", responses=problems(HouseholdNotFoundError))
async def read_registry_household(
    household_id: UUID,
    principal: Annotated[Principal, requires("registry.households:read", purpose=True)],
    times: Times,
    using: Using,
) -> HouseholdView:
    """Return a household and its members by pseudonym."""
    known = await read_household(household_id, _look_up(principal, times), using=using)
    return HouseholdView.model_validate({**known.household, "members": known.members})


@router.get("/persons/{person_id}", responses=problems(PersonNotFoundError))
async def read_registry_person(
    person_id: UUID,
    principal: Annotated[Principal, requires("registry.persons:read", purpose=True)],
    times: Times,
    using: Using,
) -> PersonView:
    """Return a person; their identifiers are not disclosed."""
    known = await read_person(person_id, _look_up(principal, times), using=using)
    return person_view(known)


def _look_up(principal: Principal, times: _Times) -> LookUp:
    return LookUp(
        client=principal.subject,
        purpose=principal.purpose or "",
        scope=principal.row_scope,
        valid_on=times.valid_on,
        known_at=times.known_at,
    )
