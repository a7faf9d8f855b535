"""Read how far a RAMED list is matched, and what became of its rows."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.registry.storage import ramed as storage
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.ramed import NUMBER_COLUMN, ROW_TABLE, RamedMatching, RamedResult
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import EVERYTHING, RowScope, Transaction

_ATTRIBUTES = ("ramed_number",)


class RamedMatchingNotFoundError(DomainError):
    """There is no such list, or it is another client's."""

    code: ClassVar[str] = "registry.ramed-matching-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Which rows of a list are wanted."""

    limit: int
    outcome: str | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class RamedRowAsMatched:
    """What became of a row, and the number that the list gave it."""

    number: str
    result: RamedResult


async def read_ramed_matching(
    matching_id: UUID, look_up: LookUp, *, using: Collaborators
) -> RamedMatching:
    """Return how far a list is.

    Raises:
        RamedMatchingNotFoundError: There is none of the caller's with this id.
    """
    async with using.database.snapshot(look_up.scope) as tx:
        return await _own(tx, matching_id, look_up)


async def list_ramed_rows(
    matching_id: UUID, wanted: RowsWanted, look_up: LookUp, *, using: Collaborators
) -> list[RamedRowAsMatched]:
    """Return rows in their order; everybody they were matched to is logged before that.

    A list is its sender's whole, rows of other regions and such as say none included; of whom they
    were matched to only those are told whom the caller may see.

    Raises:
        RamedMatchingNotFoundError: There is no list of the caller's with this id.
    """
    async with using.database.snapshot(RowScope.everything()) as tx:
        await _own(tx, matching_id, look_up)
        results = await storage.list_results(
            tx, matching_id, outcome=wanted.outcome, after=wanted.after, limit=wanted.limit
        )
    named = {person_id for result in results for person_id in result.person_ids}
    async with using.database.transaction(look_up.scope) as tx:
        regions = await storage.regions_of_persons(tx, list(named))
        shown = [
            result._replace(person_ids=[one for one in result.person_ids if one in regions])
            for result in results
        ]
        subjects = [
            Disclosed(new_id(), regions[person_id], person_id=person_id, result=result.outcome)
            for result in shown
            for person_id in result.person_ids
        ]
        if subjects:
            access = look_up.as_access(
                "read-ramed-matches", attributes=_ATTRIBUTES, clock=using.clock
            )
            await log_access(tx, access, subjects)
    return [RamedRowAsMatched(_number(result, using), result) for result in shown]


async def _own(tx: Transaction, matching_id: UUID, look_up: LookUp) -> RamedMatching:
    matching = await storage.read_matching(tx, matching_id)
    sees_all = EVERYTHING in look_up.scope.regions
    if matching is None or not (sees_all or matching.client == look_up.client):
        message = "There is no such list of yours."
        raise RamedMatchingNotFoundError(message)
    return matching


def _number(result: RamedResult, using: Collaborators) -> str:
    return using.sealed.unseal(
        result.number_sealed, table=ROW_TABLE, column=NUMBER_COLUMN, row_id=result.row_id
    )
