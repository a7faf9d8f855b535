"""Read a household as it was on a day, as known at an instant, and log that it was disclosed."""

from typing import ClassVar
from uuid import UUID

from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.households import HouseholdAsKnown, read_household_version
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id

HOUSEHOLD_ATTRIBUTES = ("commune", "household_id", "members", "milieu")
"""What is told of a household wherever it is told of."""

_ATTRIBUTES = (*HOUSEHOLD_ATTRIBUTES, "birth_date", "household_facts", "sex")


class HouseholdNotFoundError(DomainError):
    """No such household was known then to somebody with the caller's rights."""

    code: ClassVar[str] = "registry.household-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


async def read_household(
    household_id: UUID, look_up: LookUp, *, using: Collaborators
) -> HouseholdAsKnown:
    """Return a household and its members; its access log rows are committed before that.

    Raises:
        HouseholdNotFoundError: There is none, not then, or not within the caller's regions.
    """
    access = look_up.as_access("read-household", attributes=_ATTRIBUTES, clock=using.clock)
    async with using.database.snapshot(look_up.scope) as tx:
        known = await read_household_version(
            tx, household_id, valid_on=access.valid_on, known_at=access.known_at
        )
        if known is None:
            message = "There is no such household at that time within your regions."
            raise HouseholdNotFoundError(message)
        region_code = known.household["region_code"]
        members = (
            Disclosed(new_id(), region_code, member["person_id"], household_id)
            for member in known.members
        )
        own = Disclosed(new_id(), region_code, household_id=household_id)
        await log_access(tx, access, [own, *members])
    return known
