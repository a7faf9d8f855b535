"""Reading cycles: where they stand, and what they consist of."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.payments.domain.refusals import CycleUnknownError, ScopeTooNarrowError
from services.payments.storage.cycles import Approval, Cycle, approvals_of, find_cycle
from services.payments.storage.figures import (
    BatchRow,
    CycleFigures,
    batches_after,
    cycle_figures,
)
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import EVERYTHING, RowScope, Transaction


@dataclass(frozen=True, slots=True)
class CycleStatus:
    """A cycle with its figures and approvals."""

    cycle: Cycle
    figures: CycleFigures
    approvals: Sequence[Approval]


async def read_cycle(using: Collaborators, cycle_id: UUID, *, scope: RowScope) -> CycleStatus:
    """Return a cycle; its figures count what was ordered in the caller's regions.

    Raises:
        CycleUnknownError: There is none that the caller may see.
    """
    async with using.database.snapshot(RowScope.everything()) as tx:
        return await cycle_status(tx, cycle_id, scope=scope)


async def read_batches(
    using: Collaborators, cycle_id: UUID, *, after: UUID, limit: int, scope: RowScope
) -> list[BatchRow]:
    """Return the next batches of a cycle, by id, of the caller's regions.

    Raises:
        CycleUnknownError: There is no such cycle that the caller may see.
    """
    async with using.database.snapshot(scope) as tx:
        visible_cycle(await find_cycle(tx, cycle_id), scope)
        return await batches_after(tx, cycle_id, after=after, limit=limit)


async def cycle_status(tx: Transaction, cycle_id: UUID, *, scope: RowScope) -> CycleStatus:
    """Return a cycle as it stands in an open transaction that sees every region.

    Raises:
        CycleUnknownError: There is none that the caller may see.
    """
    cycle = visible_cycle(await find_cycle(tx, cycle_id), scope)
    return CycleStatus(
        cycle=cycle,
        figures=await cycle_figures(tx, cycle_id, regions=scope.single_regions),
        approvals=await approvals_of(tx, cycle_id),
    )


def visible_cycle(cycle: Cycle | None, scope: RowScope) -> Cycle:
    """Return the cycle if it is one of the caller's programmes.

    Raises:
        CycleUnknownError: It is not, or there is none.
    """
    if cycle is None or not _grants(scope.programmes, cycle.programme):
        message = "There is no such cycle."
        raise CycleUnknownError(message)
    return cycle


def require_whole_country(scope: RowScope, programme: str) -> None:
    """Refuse a caller who would decide on regions or programmes beyond their grant.

    Raises:
        ScopeTooNarrowError: The grant names single regions, or other programmes.
    """
    if EVERYTHING not in scope.regions or not _grants(scope.programmes, programme):
        message = "A cycle spans every region of its programme; your grant does not."
        raise ScopeTooNarrowError(message)


def _grants(granted: Sequence[str], wanted: str) -> bool:
    return EVERYTHING in granted or wanted in granted
