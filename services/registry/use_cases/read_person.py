"""Read a person as they were on a day, as known at an instant, and log that it was disclosed."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.registry.domain.declarations import Name
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.history import household_of_person
from services.registry.storage.persons import PersonVersion, read_person_version
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id

DISCLOSED_OF_A_PERSON = (
    "birth_commune",
    "birth_date",
    "commune",
    "household_id",
    "name_ar",
    "name_latin",
    "nationality",
    "sex",
    "status",
)
"""What a person's record tells, as the access log names it."""


class PersonNotFoundError(DomainError):
    """No such person was known then to somebody with the caller's rights."""

    code: ClassVar[str] = "registry.person-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class PersonAsKnown:
    """A version of a person with the names opened; identifiers and phone stay sealed."""

    version: PersonVersion
    name_ar: Name
    name_latin: Name
    household_id: UUID | None
    """Where the person lived at the times asked for."""


async def read_person(person_id: UUID, look_up: LookUp, *, using: Collaborators) -> PersonAsKnown:
    """Return a person; the access log row is committed before that.

    Raises:
        PersonNotFoundError: There is none, not then, or not within the caller's regions.
    """
    access = look_up.as_access("read-person", attributes=DISCLOSED_OF_A_PERSON, clock=using.clock)
    async with using.database.snapshot(look_up.scope) as tx:
        found = await read_person_version(
            tx, person_id, valid_on=access.valid_on, known_at=access.known_at
        )
        if found is None:
            message = "There is no such person at that time within your regions."
            raise PersonNotFoundError(message)
        version, household_id = found
        if look_up.valid_on is not None or look_up.known_at is not None:
            household_id = await household_of_person(
                tx, person_id, valid_on=access.valid_on, known_at=access.known_at
            )
        own = Disclosed(new_id(), version.region_code, person_id, household_id)
        await log_access(tx, access, [own])
    opened = open_particulars(version, sealed=using.sealed)
    return PersonAsKnown(version, opened.name_ar, opened.name_latin, household_id)
