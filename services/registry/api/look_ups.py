"""Look-ups over HTTP: a household or a person, at any day as known at any instant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.registry.api.callers import Times, look_up_of
from services.registry.api.collaborators import Using
from services.registry.api.person_view import person_view
from services.registry.api.schemas import HouseholdView, PersonView
from services.registry.use_cases.read_household import HouseholdNotFoundError, read_household
from services.registry.use_cases.read_person import PersonNotFoundError, read_person
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1", tags=["look-ups"])


@router.get("/households/{household_id}", responses=problems(HouseholdNotFoundError))
async def read_registry_household(
    household_id: UUID,
    principal: Annotated[Principal, requires("registry.households:read", purpose=True)],
    times: Times,
    using: Using,
) -> HouseholdView:
    """Return a household and its members by pseudonym."""
    known = await read_household(household_id, look_up_of(principal, times), using=using)
    return HouseholdView.model_validate({**known.household, "members": known.members})


@router.get("/persons/{person_id}", responses=problems(PersonNotFoundError))
async def read_registry_person(
    person_id: UUID,
    principal: Annotated[Principal, requires("registry.persons:read", purpose=True)],
    times: Times,
    using: Using,
) -> PersonView:
    """Return a person; their identifiers are not disclosed."""
    known = await read_person(person_id, look_up_of(principal, times), using=using)
    return person_view(known)
