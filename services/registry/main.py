"""Wires the registry: its application, its worker, and where its tables come from."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import MetaData

from services.registry.api.access_log import router as access_log
from services.registry.api.attestations import router as attestations
from services.registry.api.commands import registry_commands
from services.registry.api.consents import router as consents
from services.registry.api.dci_registers import keys_router as dci_keys
from services.registry.api.dci_registers import register_router
from services.registry.api.declarations import router as declarations
from services.registry.api.duplicates import router as duplicates
from services.registry.api.exports import router as exports
from services.registry.api.guardians import router as guardians
from services.registry.api.history import router as history
from services.registry.api.imports import router as imports
from services.registry.api.look_ups import router as look_ups
from services.registry.api.own_consents import router as own_consents
from services.registry.api.own_records import router as own_records
from services.registry.api.partners import router as partners
from services.registry.api.ramed import router as ramed
from services.registry.api.search import router as search
from services.registry.api.statistics import router as statistics
from services.registry.api.verification import batches as verification_batches
from services.registry.api.verification import router as verification
from services.registry.consumers.eligibility import on_households_assessed
from services.registry.consumers.registry import on_own_households, on_own_statuses
from services.registry.domain.dci_contract import Register
from services.registry.settings import Settings
from services.registry.storage.tables import RegistryTable
from services.registry.use_cases.announce_attested import announce_attested
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.block_readers import CrewReader
from services.registry.use_cases.collaborators import Collaborators, count_of_lines
from services.registry.use_cases.dci_answer_later import answer_next_message
from services.registry.use_cases.dci_deliver_callbacks import CallbackDelivery
from services.registry.use_cases.dci_forget_messages import forget_old_messages
from services.registry.use_cases.fail_abandoned_imports import fail_abandoned_imports
from services.registry.use_cases.find_duplicates import find_next_duplicates
from services.registry.use_cases.fold_counts import fold_counts
from services.registry.use_cases.match_ramed import match_next_rows
from services.registry.use_cases.queue_due_notifications import NotificationQueue
from services.registry.use_cases.release_deceased import release_deceased
from services.registry.use_cases.seal_access_log import AccessLogSealer
from services.registry.use_cases.write_export import forget_old_exports, write_next_export
from shared.runtime.ids import new_id
from shared.runtime.loops import Loop
from shared.web.app import create_service_app
from shared.web.platform import Platform, Worker
from shared.web.process import Command, make_service_keys

__all__ = [
    "COMMANDS",
    "METADATA",
    "MIGRATIONS",
    "SERVICE",
    "Settings",
    "create_app",
    "create_worker",
]

SERVICE = "registry"
METADATA: MetaData = RegistryTable.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
SEALS_FOR = ("payments", "notifications")
OWN_KEYS = ("access-seal", "dci-signing", "partner-tokens")
CLAIMS = (("dci_message", "claimed_until"), ("dci_callback", "claimed_until"))
ABANDONED_CHECK_SECONDS = 15.0
ANNOUNCING_SECONDS = 1.0
CALLBACK_LOOPS = 4
FOLDING_SECONDS = 1.0
FORGETTING_SECONDS = 600.0
SEALING_SECONDS = 1.0


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return the registry's application."""
    return create_service_app(
        service=SERVICE,
        title="Registry: who exists, and who lives together",
        routers=(
            # Routes are tried in this order: what is most asked for stands first.
            verification,
            verification_batches,
            access_log,
            consents,
            attestations,
            dci_keys,
            declarations,
            guardians,
            history,
            duplicates,
            exports,
            imports,
            look_ups,
            own_consents,
            own_records,
            partners,
            ramed,
            search,
            statistics,
            *map(register_router, Register),
        ),
        platform=platform,
        state={
            "collaborators": _collaborators(settings, platform),
            "sealed": platform.sealed,
        },
    )


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return what the registry does besides answering."""
    using = _collaborators(settings, platform)
    # A partner is told of a birth within a second: no step on that way waits for the next look.
    due = asyncio.Event()
    size = settings.registry_import_readers
    crew = CrewReader(platform.keys, size=size) if size else None
    return Worker(
        service=SERVICE,
        subscriptions=(
            on_households_assessed(),
            replace(on_own_households(using), committed=due),
            replace(on_own_statuses(using), committed=due),
        ),
        loops=(
            Loop("registry-apply-imports", ImportApplier(using, crew).apply_next_blocks),
            *_export_loops(using),
            Loop(
                "registry-announce-attested",
                partial(announce_attested, using),
                idle_seconds=ANNOUNCING_SECONDS,
            ),
            Loop(
                "registry-release-deceased",
                partial(release_deceased, using),
                idle_seconds=ANNOUNCING_SECONDS,
            ),
            Loop(
                "registry-find-duplicates", partial(find_next_duplicates, using), idle_seconds=1.0
            ),
            Loop("registry-match-ramed", partial(match_next_rows, using), idle_seconds=1.0),
            Loop("registry-fold-counts", partial(fold_counts, using), idle_seconds=FOLDING_SECONDS),
            Loop(
                "registry-fail-abandoned-imports",
                partial(fail_abandoned_imports, using),
                idle_seconds=ABANDONED_CHECK_SECONDS,
            ),
            Loop(
                "registry-seal-access-log",
                AccessLogSealer(using).seal_next_block,
                idle_seconds=SEALING_SECONDS,
            ),
            *_dci_loops(using, due),
        ),
    )


def _export_loops(using: Collaborators) -> tuple[Loop, ...]:
    """Return what writes exports, and forgets them when their time is over."""
    return (
        Loop("registry-write-exports", partial(write_next_export, using)),
        Loop(
            "registry-forget-exports",
            partial(forget_old_exports, using),
            idle_seconds=FORGETTING_SECONDS,
        ),
    )


def _dci_loops(using: Collaborators, due: asyncio.Event) -> tuple[Loop, ...]:
    """Return what answers messages of the DCI standard and calls partners back.

    A partner that does not answer holds up one loop of deliveries; the others go on.

    Args:
        using: The registry's means.
        due: Is set once notifications are due.
    """
    notifications = NotificationQueue(using)
    deliver = CallbackDelivery(using).deliver_due
    deliveries = (
        Loop(f"registry-call-back-{number}", deliver, wake=notifications.queued)
        for number in range(1, CALLBACK_LOOPS + 1)
    )
    return (
        Loop("registry-answer-messages", partial(answer_next_message, using=using)),
        Loop("registry-queue-notifications", notifications.queue_next, wake=due),
        *deliveries,
        Loop(
            "registry-forget-notifications",
            notifications.forget,
            idle_seconds=FORGETTING_SECONDS,
        ),
        Loop(
            "registry-forget-messages",
            partial(forget_old_messages, using),
            idle_seconds=FORGETTING_SECONDS,
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
        statistics_cell_min=settings.registry_statistics_cell_min,
        dci=settings.dci_rules(),
    )


def _make_keys(keys: Path) -> None:
    make_service_keys(sys.modules[__name__], keys)


COMMANDS: Mapping[str, Command] = registry_commands(_collaborators, make_keys=_make_keys)
