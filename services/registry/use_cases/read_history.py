"""Read the versions of a person or a household, page by page, and log that they were disclosed."""

from uuid import UUID

from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.history import (
    HouseholdStep,
    PersonStep,
    household_steps,
    person_steps,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_household import HOUSEHOLD_ATTRIBUTES, HouseholdNotFoundError
from services.registry.use_cases.read_person import PersonNotFoundError
from shared.runtime.ids import new_id

VERSIONS_MAX = 2**31 - 1
_OF_A_PERSON = ("commune", "status")


async def read_household_history(
    household_id: UUID, look_up: LookUp, *, before: int, limit: int, using: Collaborators
) -> list[HouseholdStep]:
    """Return versions of a household within the caller's regions, the latest first.

    Whoever is listed in one of them sees that it was disclosed.

    Raises:
        HouseholdNotFoundError: There is none, then or within the caller's regions.
    """
    access = look_up.as_access(
        "read-household-history", attributes=HOUSEHOLD_ATTRIBUTES, clock=using.clock
    )
    async with using.database.transaction(look_up.scope) as tx:
        steps = await household_steps(
            tx, household_id, before=before, known_at=access.known_at, limit=limit
        )
        if steps:
            region_code = steps[0].region_code
            own = Disclosed(new_id(), region_code, household_id=household_id)
            people = sorted({person_id for step in steps for person_id in step.member_ids})
            members = (Disclosed(new_id(), region_code, one, household_id) for one in people)
            await log_access(tx, access, [own, *members])
    if not steps and before == VERSIONS_MAX:
        message = "There is no such household at that time within your regions."
        raise HouseholdNotFoundError(message)
    return steps


async def read_person_history(
    person_id: UUID, look_up: LookUp, *, before: int, limit: int, using: Collaborators
) -> list[PersonStep]:
    """Return versions of a person within the caller's regions, the latest first.

    Raises:
        PersonNotFoundError: There is none, then or within the caller's regions.
    """
    access = look_up.as_access("read-person-history", attributes=_OF_A_PERSON, clock=using.clock)
    async with using.database.transaction(look_up.scope) as tx:
        steps = await person_steps(
            tx, person_id, before=before, known_at=access.known_at, limit=limit
        )
        if steps:
            own = Disclosed(new_id(), steps[0].region_code, person_id)
            await log_access(tx, access, [own])
    if not steps and before == VERSIONS_MAX:
        message = "There is no such person at that time within your regions."
        raise PersonNotFoundError(message)
    return steps
