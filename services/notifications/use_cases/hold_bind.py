"""Owning the one bind to the SMS centre: lease, session, journal and sender together."""

import asyncio
from datetime import datetime

import structlog

from services.notifications.integrations.smpp.session import (
    BindRefusedError,
    LinkLostError,
    bound_session,
)
from services.notifications.storage.provider_states import store_provider_state
from services.notifications.storage.sending import orphan_older_fences
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from services.notifications.use_cases.journal import Journal
from services.notifications.use_cases.record_templates import record_templates
from services.notifications.use_cases.send_messages import (
    LEASE_SECONDS,
    BindLease,
    LeaseLostError,
    MessageSender,
    renew,
)
from shared.runtime.ids import new_id
from shared.runtime.loops import heed_cancellation
from shared.storage.leases import acquire_lease, release_lease

log = structlog.get_logger(__name__)

BOUND, DOWN = "bound", "down"
RENEWAL_SECONDS = 3.0


class SmsCentreUnavailableError(Exception):
    """The bind ended or could not be made; it is tried again after a growing wait."""


async def hold_bind(collaborators: Collaborators, centre: SmsCentre) -> bool:
    """Own the bind and send over it, for as long as both last.

    Returns:
        False when another process owns it: there is nothing to do here.

    Raises:
        EditedTemplateError: A wording was edited after it could have been sent.
        SmsCentreUnavailableError: The SMS centre cannot be reached, refused us, or went away.
    """
    lease = await _take_lease(collaborators, centre)
    if lease is None:
        return False
    ended: list[BaseException] = []
    try:
        await record_templates(collaborators)
        await _hold(collaborators, centre, lease)
    except* LeaseLostError:
        log.warning("bind-lost-to-another-process", provider=centre.name)
    except* (LinkLostError, BindRefusedError) as group:
        ended.append(_first(group))
    finally:
        async with collaborators.database.transaction() as tx:
            await release_lease(tx, lease.name, owner=lease.owner)
    if ended:
        await _note(collaborators, centre, DOWN, detail=type(ended[0]).__name__)
        message = "The SMS centre cannot be used at the moment."
        raise SmsCentreUnavailableError(message) from ended[0]
    return False


async def _take_lease(collaborators: Collaborators, centre: SmsCentre) -> BindLease | None:
    """Take the lease under a new name, so that the fence grows with every bind."""
    name, owner = f"sms-bind:{centre.name}", str(new_id())
    async with collaborators.database.transaction() as tx:
        fence = await acquire_lease(tx, name, owner=owner, seconds=LEASE_SECONDS)
        if fence is None:
            return None
        orphans = await orphan_older_fences(tx, fence=fence, at=collaborators.clock.now())
    if orphans:
        log.warning("submissions-of-unknown-outcome", messages=orphans)
    return BindLease(name=name, owner=owner, fence=fence)


async def _hold(collaborators: Collaborators, centre: SmsCentre, lease: BindLease) -> None:
    journal = Journal(collaborators, centre, fence=lease.fence)
    async with (
        journal.running(),
        bound_session(centre.link, on_delivery=journal.keep_delivery) as session,
        asyncio.TaskGroup() as tasks,
    ):
        await _note(collaborators, centre, BOUND, detail=None)
        tasks.create_task(_keep_lease(collaborators, lease))
        sender = MessageSender(collaborators, centre, lease, session=session, journal=journal)
        await sender.send_for_ever()


async def _keep_lease(collaborators: Collaborators, lease: BindLease) -> None:
    """Renew the lease also while a slow SMS centre keeps the sender busy with one chunk."""
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        async with collaborators.database.transaction() as tx:
            await renew(tx, lease)
        heed_cancellation()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _note(
    collaborators: Collaborators, centre: SmsCentre, state: str, *, detail: str | None
) -> None:
    at: datetime = collaborators.clock.now()
    async with collaborators.database.transaction() as tx:
        await store_provider_state(tx, centre.name, state=state, detail=detail, at=at)
    collaborators.metrics.gauge(
        "sanad_notifications_sms_binds", "Whether the bind to an SMS centre stands.", ("provider",)
    ).labels(centre.name).set(state == BOUND)
