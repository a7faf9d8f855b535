"""Opening a cycle: one for a programme's month, to be frozen on the totals of a run."""

from dataclasses import dataclass
from uuid import UUID

from services.payments.domain.freezing import RUN_OF_ANOTHER_MONTH
from services.payments.domain.months import is_payable
from services.payments.domain.programmes import is_paid
from services.payments.domain.refusals import (
    CycleExistsError,
    MonthOutOfRangeError,
    ProgrammeNotPaidError,
    RunOfAnotherMonthError,
)
from services.payments.storage.cycles import NewCycle, insert_cycle
from services.payments.storage.entitlements import run_totals
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.read_cycle import CycleStatus, cycle_status, require_whole_country
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction


@dataclass(frozen=True, slots=True)
class WantedCycle:
    """What a maker asks for."""

    programme: str
    month: str
    run_id: UUID
    maker: str


async def open_cycle(
    using: Collaborators, tx: Transaction, wanted: WantedCycle, *, scope: RowScope
) -> CycleStatus:
    """Open a cycle and return it; a worker freezes it as soon as the run's totals are met.

    Raises:
        ProgrammeNotPaidError: Eligibility for the programme ends in no transfer.
        MonthOutOfRangeError: The month is neither the business month nor next to it.
        ScopeTooNarrowError: The maker's grant does not span the country and the programme.
        RunOfAnotherMonthError: The run is known to be of another programme or month.
        CycleExistsError: The month has a cycle that was not aborted.
    """
    if not is_paid(wanted.programme):
        message = "Cycles exist only for programmes that end in a transfer."
        raise ProgrammeNotPaidError(message)
    if not is_payable(wanted.month, on=using.clock.today()):
        message = "A cycle is opened for this month, the one before or the next."
        raise MonthOutOfRangeError(message)
    require_whole_country(scope, wanted.programme)
    totals = await run_totals(tx, wanted.run_id)
    if totals is not None and not totals.is_for(programme=wanted.programme, month=wanted.month):
        raise RunOfAnotherMonthError(RUN_OF_ANOTHER_MONTH)
    cycle = NewCycle(
        cycle_id=new_id(),
        programme=wanted.programme,
        month=wanted.month,
        run_id=wanted.run_id,
        maker=wanted.maker,
    )
    if not await insert_cycle(tx, cycle, at=using.clock.now()):
        message = "This month has a cycle of the programme already."
        raise CycleExistsError(message)
    return await cycle_status(tx, cycle.cycle_id, scope=scope)
