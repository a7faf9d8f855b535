"""The composition root of the notifications service: wires its parts, decides nothing."""

import ssl
from pathlib import Path

from fastapi import FastAPI

from services.notifications.api.routes import router
from services.notifications.consumers.subscriptions import subscriptions
from services.notifications.integrations.smpp.receipts import IdForm
from services.notifications.integrations.smpp.session import Link
from services.notifications.settings import Settings
from services.notifications.storage.tables import NotificationsTable
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from services.notifications.use_cases.hold_bind import hold_bind
from services.notifications.use_cases.sweep_messages import sweep_messages
from shared.runtime.ids import new_id
from shared.runtime.loops import Loop
from shared.web.app import create_service_app
from shared.web.platform import Platform, Worker

SERVICE = "notifications"
METADATA = NotificationsTable.metadata
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
OPENS_FROM = ("registry",)
BIND_RETRY_SECONDS = 1.0
SWEEP_SECONDS = 5.0

__all__ = ["METADATA", "MIGRATIONS", "SERVICE", "Settings", "create_app", "create_worker"]


def create_app(settings: Settings, platform: Platform) -> FastAPI:
    """Return the service's HTTP application."""
    return create_service_app(
        service=SERVICE,
        title="Sanad notifications",
        routers=[router],
        platform=platform,
        state={"collaborators": _collaborators(settings, platform)},
    )


def create_worker(settings: Settings, platform: Platform) -> Worker:
    """Return what the service does besides answering: consume, send, sweep.

    Raises:
        OSError: The SMS centre's password file cannot be read.
    """
    collaborators = _collaborators(settings, platform)
    centre = _sms_centre(settings)
    sweeper = str(new_id())

    async def send() -> bool:
        return await hold_bind(collaborators, centre)

    async def sweep() -> bool:
        return await sweep_messages(collaborators, provider=centre.name, owner=sweeper)

    return Worker(
        service=SERVICE,
        subscriptions=subscriptions(collaborators),
        loops=(
            Loop(name="sms-bind", step=send, idle_seconds=BIND_RETRY_SECONDS),
            Loop(name="message-sweep", step=sweep, idle_seconds=SWEEP_SECONDS),
        ),
    )


def _collaborators(settings: Settings, platform: Platform) -> Collaborators:
    return Collaborators(
        database=platform.database,
        clock=platform.clock,
        sealed=platform.sealed,
        sealed_fields=platform.sealed_fields,
        metrics=platform.metrics,
        statistics_cell_min=settings.notifications_statistics_cell_min,
    )


def _sms_centre(settings: Settings) -> SmsCentre:
    password = settings.sms_password.get_secret_value() if settings.sms_password else ""
    if settings.sms_password_file is not None:
        password = settings.sms_password_file.read_text(encoding="ascii").strip()
    return SmsCentre(
        name=settings.sms_provider,
        link=Link(
            host=settings.sms_host,
            port=settings.sms_port,
            system_id=settings.sms_system_id,
            password=password,
            window=settings.sms_window,
            tls=ssl.create_default_context() if settings.sms_tls else None,
            answer_seconds=settings.sms_answer_seconds,
            enquire_seconds=settings.sms_enquire_seconds,
        ),
        sender=settings.sms_sender,
        parts_per_second_max=settings.sms_parts_per_second_max,
        id_form=IdForm(settings.sms_receipt_ids),
    )
