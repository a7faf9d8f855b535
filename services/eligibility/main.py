"""The composition root of eligibility: wires its rooms to the means of a process."""

from pathlib import Path

from fastapi import FastAPI

from services.eligibility.api.routes import router
from services.eligibility.consumers.notifications import on_messages_settled
from services.eligibility.consumers.registry import (
    on_households_dissolved,
    on_households_recorded,
)
from services.eligibility.settings import Settings
from services.eligibility.storage.tables import EligibilityTable
from services.eligibility.use_cases.advance_runs import advance_runs
from services.eligibility.use_cases.collaborators import Collaborators
from shared.runtime.loops import Loop
from shared.web.app import create_service_app
from shared.web.platform import Platform, Worker

SERVICE = "eligibility"
METADATA = EligibilityTable.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
CLAIMS = (("run_chunk", "leased_until"),)


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return what answers requests."""
    return create_service_app(
        service=SERVICE,
        title="Sanad eligibility",
        routers=[router],
        platform=platform,
        state={
            "collaborators": _collaborators(settings, platform),
            "sealed": platform.sealed,
        },
    )


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return what consumes events and advances runs."""
    collaborators = _collaborators(settings, platform)

    async def step() -> bool:
        return await advance_runs(collaborators)

    return Worker(
        service=SERVICE,
        subscriptions=[
            on_households_recorded(collaborators),
            on_households_dissolved(collaborators),
            on_messages_settled(),
        ],
        loops=[Loop(name="eligibility-runs", step=step)],
    )


def _collaborators(settings: Settings, platform: Platform) -> Collaborators:
    return Collaborators(
        database=platform.database,
        clock=platform.clock,
        metrics=platform.metrics,
        run_chunk_households=settings.sanad_run_chunk_households,
        statistics_cell_min=settings.eligibility_statistics_cell_min,
    )
