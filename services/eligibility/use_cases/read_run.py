"""Read how far a run has come."""

from dataclasses import dataclass
from uuid import UUID

from services.eligibility.storage.runs import Run, households_done, read_run
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.refusals import ProgrammeOutOfScopeError, RunUnknownError
from shared.storage.database import EVERYTHING, RowScope


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run, and how many of its households are assessed."""

    run: Run
    households_done: int


async def run_progress(
    run_id: UUID, *, scope: RowScope, collaborators: Collaborators
) -> RunProgress:
    """Return a run with its progress.

    Raises:
        RunUnknownError: There is no such run, or not for this caller.
    """
    async with collaborators.database.snapshot(scope) as tx:
        run = await read_run(tx, run_id)
        if run is None or not _covers(scope, run.programme):
            message = "There is no such run."
            raise RunUnknownError(message)
        return RunProgress(run, await households_done(tx, run_id))


def assert_programme_in_scope(scope: RowScope, programme: str) -> None:
    """Refuse a caller who may not act on a programme.

    Raises:
        ProgrammeOutOfScopeError: The token names other programmes.
    """
    if not _covers(scope, programme):
        message = "The access token does not cover this programme."
        raise ProgrammeOutOfScopeError(message)


def _covers(scope: RowScope, programme: str) -> bool:
    return EVERYTHING in scope.programmes or programme in scope.programmes
