"""Wires the registry: its application, its worker, and where its tables come from."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import MetaData

from services.registry.api.imports import router as imports
from services.registry.api.look_ups import router as look_ups
from services.registry.api.statistics import router as statistics
from services.registry.settings import Settings
from services.registry.storage.tables import RegistryTable
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.collaborators import Collaborators, count_of_lines
from services.registry.use_cases.fail_abandoned_imports import fail_abandoned_imports
from shared.runtime.ids import new_id
from shared.runtime.loops import Loop
from shared.web.app import create_service_app
from shared.web.platform import Platform, Worker

__all__ = ["METADATA", "MIGRATIONS", "SERVICE", "Settings", "create_app", "create_worker"]

SERVICE = "registry"
METADATA: MetaData = RegistryTable.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
SEALS_FOR = ("payments", "notifications")
ABANDONED_CHECK_SECONDS = 15.0


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return the registry's application."""
    return create_service_app(
        service=SERVICE,
        title="Registry: who exists, and who lives together",
        routers=(imports, look_ups, statistics),
        platform=platform,
        state={"collaborators": _collaborators(settings, platform)},
    )


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return what the registry does besides answering."""
    using = _collaborators(settings, platform)
    return Worker(
        service=SERVICE,
        loops=(
            Loop("registry-apply-imports", ImportApplier(using).apply_next_block),
            Loop(
                "registry-fail-abandoned-imports",
                partial(fail_abandoned_imports, using),
                idle_seconds=ABANDONED_CHECK_SECONDS,
            ),
        ),
    )


def _collaborators(settings: Settings, platform: Platform) -> Collaborators:
    return Collaborators(
        database=platform.database,
        clock=platform.clock,
        sealed=platform.sealed,
        sealed_fields=platform.sealed_fields,
        rules=settings.import_rules(),
        lines_applied=count_of_lines(platform.metrics),
        metrics=platform.metrics,
        keys=platform.keys,
        worker_id=str(new_id()),
    )
