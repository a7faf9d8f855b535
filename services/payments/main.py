"""Wires payments: its application, its worker, and where its tables come from."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import MetaData

from services.payments.api.routes import router
from services.payments.consumers.decisions import on_decisions_made, on_runs_completed
from services.payments.consumers.payees import on_contacts_recorded, on_payees_recorded
from services.payments.domain.bank_names import bank_name
from services.payments.domain.rib import Rib
from services.payments.integrations.bank_channel import open_channel
from services.payments.integrations.pain001 import Debtor
from services.payments.settings import Settings
from services.payments.storage.bank_tables import LedgerEntryRow
from services.payments.use_cases.book_reports import book_next_reports
from services.payments.use_cases.close_cycles import close_cycles
from services.payments.use_cases.collaborators import Bank, Collaborators
from services.payments.use_cases.freeze_cycle import freeze_cycles
from services.payments.use_cases.release_cycle import release_cycles
from services.payments.use_cases.send_file import send_next_file
from shared.runtime.ids import new_id
from shared.runtime.loops import Loop
from shared.web.app import create_service_app
from shared.web.platform import Platform, Worker

__all__ = ["METADATA", "MIGRATIONS", "SERVICE", "Settings", "create_app", "create_worker"]

SERVICE = "payments"
# Named through the last table, so that every table stands on it.
METADATA: MetaData = LedgerEntryRow.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
OPENS_FROM = ("registry",)
CLAIMS = (("transmission", "lease_until"),)
CYCLE_CHECK_SECONDS = 0.5
CLAIM_MARGIN_SECONDS = 30


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return the application of payments; it needs nothing of the bank."""
    return create_service_app(
        service=SERVICE,
        title="Payments: who is paid",
        routers=(router,),
        platform=platform,
        state={"collaborators": _collaborators(settings, platform), "sealed": platform.sealed},
    )


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return what payments does besides answering.

    Raises:
        ValueError: Production has no account that is debited.
    """
    using = _collaborators(settings, platform)
    bank = _bank(settings)
    freeze = partial(
        freeze_cycles, using, file_transactions_max=settings.bank_file_transactions_max
    )
    return Worker(
        service=SERVICE,
        subscriptions=(
            on_decisions_made(using),
            on_runs_completed(using),
            on_payees_recorded(using),
            on_contacts_recorded(),
        ),
        loops=(
            Loop("payments-freeze", freeze, idle_seconds=CYCLE_CHECK_SECONDS),
            Loop("payments-release", partial(release_cycles, using)),
            Loop("payments-send", partial(send_next_file, using, bank)),
            Loop("payments-reports", partial(book_next_reports, using, bank)),
            Loop("payments-close", partial(close_cycles, using), idle_seconds=CYCLE_CHECK_SECONDS),
        ),
    )


def _collaborators(settings: Settings, platform: Platform) -> Collaborators:
    return Collaborators(
        database=platform.database,
        clock=platform.clock,
        sealed=platform.sealed,
        sealed_fields=platform.sealed_fields,
        metrics=platform.metrics,
        statistics_cell_min=settings.payments_statistics_cell_min,
    )


def _bank(settings: Settings) -> Bank:
    timeout = settings.bank_timeout_seconds
    return Bank(
        channel=open_channel(
            settings.bank_url,
            token_file=settings.bank_token_file,
            timeout_seconds=timeout,
            report_bytes_max=settings.bank_report_bytes_max,
        ),
        debtor=Debtor(name=bank_name(settings.debtor_name), rib=Rib(settings.debited_account)),
        worker_id=str(new_id()),
        claim_seconds=timeout + CLAIM_MARGIN_SECONDS,
    )
