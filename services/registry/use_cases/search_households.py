"""Search households by reference or by a member, within the caller's rights, and logged."""

from dataclasses import dataclass

from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.search import FoundHousehold, find_households
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.identifiers_sought import SoughtIdentifier
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_block import REFERENCE_FIELD
from services.registry.use_cases.read_household import HOUSEHOLD_ATTRIBUTES
from shared.runtime.ids import new_id

HOUSEHOLDS_MAX = 20
_ACTION = "search-households"


@dataclass(frozen=True, slots=True, repr=False)
class SoughtHousehold:
    """A household by its number, or by the IDCS of somebody who lives in it."""

    reference: str | None = None
    member: SoughtIdentifier | None = None


async def search_households(
    sought: SoughtHousehold, look_up: LookUp, *, using: Collaborators
) -> list[FoundHousehold]:
    """Return the households sought; each, and who lives in it, is logged before that.

    What is told of a household is told of all who live there: each of them sees it.
    """
    references = (
        () if sought.reference is None else using.sealed.blinds(REFERENCE_FIELD, sought.reference)
    )
    members = () if sought.member is None else sought.member.blinds(using.sealed)
    async with using.database.snapshot(look_up.scope) as tx:
        found = await find_households(
            tx, references=references, members=members, most=HOUSEHOLDS_MAX
        )
        if found:
            access = look_up.as_access(_ACTION, attributes=HOUSEHOLD_ATTRIBUTES, clock=using.clock)
            subjects = [
                Disclosed(new_id(), one.region_code, person_id, one.household_id)
                for one in found
                for person_id in (None, *one.member_ids)
            ]
            await log_access(tx, access, subjects)
    return found
