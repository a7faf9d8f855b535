"""Open a run: the cutoff of a month, from which on decisions take effect a month later."""

from datetime import date

from services.eligibility.domain.months import month_after, month_of
from services.eligibility.domain.vocabulary import Programme
from services.eligibility.storage.programme_months import hold_open_month, open_from
from services.eligibility.storage.runs import Run, insert_run, runs_of_programme
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.refusals import (
    MonthClosedError,
    MonthTooFarError,
    RunExistsError,
    RunInProgressError,
)
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

MONTHS_AHEAD_MAX = 1


async def open_run(
    tx: Transaction, programme: Programme, month: date, *, collaborators: Collaborators
) -> Run:
    """Close `month` to other decisions and plan its run; the worker does the rest.

    Waits for the decisions on their way: they still count for the month.

    Raises:
        MonthTooFarError: The month is more than `MONTHS_AHEAD_MAX` ahead of the business date.
        RunExistsError: The month has a run that did not fail.
        RunInProgressError: The run of another month is not over.
        MonthClosedError: A later month was opened before.
    """
    current = month_of(collaborators.clock.today())
    if month > month_after(current, MONTHS_AHEAD_MAX):
        message = "A run can be opened for this month or the next, not for later ones."
        raise MonthTooFarError(message)
    open_month = await hold_open_month(tx, programme.value, month=current)
    await _refuse_conflicts(tx, programme, month, open_month=open_month)
    await open_from(tx, programme.value, month=month_after(month))
    run = Run(
        run_id=new_id(),
        programme=programme.value,
        month=month,
        state="planned",
        assessed_on=collaborators.clock.today(),
        opened_at=collaborators.clock.now(),
        completed_at=None,
        households_total=0,
        events=0,
        items=0,
        households_eligible=0,
        amount_centimes=0,
    )
    await insert_run(tx, run)
    return run


async def _refuse_conflicts(
    tx: Transaction, programme: Programme, month: date, *, open_month: date
) -> None:
    known = await runs_of_programme(tx, programme.value, month=month)
    if any(run.month == month and run.state != "failed" for run in known):
        message = "This month of the programme has a run already."
        raise RunExistsError(message)
    if any(run.state in ("planned", "assessing") for run in known):
        message = "Another run of this programme is not over; wait for it."
        raise RunInProgressError(message)
    # After a failed run its month may be tried again, although its cutoff has passed.
    if month < open_month and not known:
        message = "The cutoff of this month has passed."
        raise MonthClosedError(message)
