"""Eligibility over HTTP: runs, explanations, statistics."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.eligibility.api.schemas import ExplanationView, NewRun, RunView, StatisticsView
from services.eligibility.domain.months import read_month
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.explain_household import explain_household
from services.eligibility.use_cases.open_run import open_run
from services.eligibility.use_cases.read_run import assert_programme_in_scope, run_progress
from services.eligibility.use_cases.read_statistics import read_statistics
from services.eligibility.use_cases.refusals import (
    HouseholdUnknownError,
    MonthClosedError,
    MonthTooFarError,
    ProgrammeOutOfScopeError,
    RunExistsError,
    RunInProgressError,
    RunUnknownError,
)
from shared.web.auth import Principal, requires
from shared.web.idempotency import Idempotent
from shared.web.problems import problems

router = APIRouter(prefix="/eligibility/v1", tags=["eligibility"])


def _collaborators(request: Request) -> Collaborators:
    collaborators: Collaborators = request.app.state.collaborators
    return collaborators


Means = Annotated[Collaborators, Depends(_collaborators)]


@router.post(
    "/runs",
    status_code=202,
    response_model=RunView,
    responses=problems(
        RunExistsError,
        RunInProgressError,
        MonthClosedError,
        MonthTooFarError,
        ProgrammeOutOfScopeError,
    ),
)
async def post_run(
    body: NewRun,
    principal: Annotated[Principal, requires("eligibility.runs:write")],
    call: Idempotent,
    collaborators: Means,
) -> Response:
    """Close a month of a programme and re-assess every household on file for it."""
    assert_programme_in_scope(principal.row_scope, body.programme)

    async with collaborators.database.transaction(principal.row_scope) as tx:

        async def act() -> RunView:
            run = await open_run(
                tx, body.programme, read_month(body.month), collaborators=collaborators
            )
            return RunView.of(run)

        return await call.once(tx, act, status=202)


@router.get("/runs/{run_id}", responses=problems(RunUnknownError))
async def get_run(
    run_id: UUID,
    principal: Annotated[Principal, requires("eligibility.runs:read")],
    collaborators: Means,
) -> RunView:
    """Return how far a run has come, and what it came to."""
    progress = await run_progress(run_id, scope=principal.row_scope, collaborators=collaborators)
    return RunView.of_progress(progress)


@router.get("/households/{household_id}", responses=problems(HouseholdUnknownError))
async def get_household_explanation(
    household_id: UUID,
    principal: Annotated[Principal, requires("eligibility.decisions:read", purpose=True)],
    collaborators: Means,
) -> ExplanationView:
    """Return a household's index variable by variable, and its outcomes with their reasons."""
    explanation = await explain_household(
        household_id, scope=principal.row_scope, collaborators=collaborators
    )
    return ExplanationView.of(household_id, explanation)


@router.get("/statistics")
async def get_eligibility_statistics(
    principal: Annotated[Principal, requires("eligibility.statistics:read")],
    collaborators: Means,
) -> StatisticsView:
    """Return counts and monthly sums of what stands now."""
    statistics = await read_statistics(scope=principal.row_scope, collaborators=collaborators)
    return StatisticsView.of(statistics)
