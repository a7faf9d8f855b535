"""Write the records of due notifications, log their disclosure, and queue them for sending."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from services.registry.domain.dci_conditions import RefusedQueryError, require_told
from services.registry.domain.dci_contract import NOTIFICATIONS_MAX, Notification
from services.registry.domain.dci_events import EventType
from services.registry.domain.dci_filters import UnreadableFilterError, from_document
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.policies import PartnerPolicy
from services.registry.storage.dci_notifications import (
    DueNotification,
    forget_queued,
    has_due,
    take_due,
)
from services.registry.storage.dci_subscriptions import end_all_expired
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_queue_notifications import queue_notifications
from services.registry.use_cases.policies import policy_of
from services.registry.use_cases.write_dci_records import (
    Viewer,
    log_rows,
    read_rows,
    write_records,
)
from shared.kernel.errors import DomainError
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE_MAX = 5_000


@dataclass(frozen=True, slots=True)
class NotificationQueue:
    """The registry's own step between what is due and what is sent."""

    using: Collaborators
    queued: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever callbacks have been queued."""

    async def queue_next(self) -> bool:
        """Queue the oldest due notifications, all or none; return whether there were any.

        The record is that of now, whatever came after the event: what is told is true when it is
        told. Who is beyond the subscriber's policy by now is not told of.
        """
        using = self.using
        async with using.database.transaction() as tx:
            now = using.clock.now()
            if not await has_due(tx, at=now):
                return False
            due = await take_due(tx, at=now, limit=NOTIFICATIONS_MAX)
            together: defaultdict[tuple[str, str, str, tuple[str, ...]], list[DueNotification]] = (
                defaultdict(list)
            )
            for item in due:
                regions = tuple(item.regions)
                together[item.client, item.purpose, item.record_type, regions].append(item)
            notifications: list[Notification] = []
            for some in together.values():
                notifications += await self._written(tx, some)
            await queue_notifications(tx, notifications, using=using)
        self.queued.set()
        return True

    async def _written(self, tx: Transaction, due: Sequence[DueNotification]) -> list[Notification]:
        """Return notifications with their records, of one client, purpose and record type."""
        first, using = due[0], self.using
        policy = await self._policy(first)
        due = [] if policy is None else _agreed(due, policy)
        if policy is None or not due:
            return []
        event = EventType(first.event_type)
        viewer = Viewer(
            policy,
            first.purpose,
            policy.within(tuple(first.regions)),
            action=f"dci-{event.register}-notify",
        )
        ids = list(dict.fromkeys(item.subject_id for item in due))
        record_type = RecordType(first.record_type)
        rows = await read_rows(tx, record_type, ids, viewer=viewer, using=using)
        await log_rows(tx, rows, viewer=viewer, using=using)
        records = await write_records(rows, viewer=viewer, using=using)
        return [
            Notification(
                notification_id=item.notification_id,
                register=EventType(item.event_type).register,
                client=item.client,
                sender_id=item.sender_id,
                notify_uri=item.notify_uri,
                event_type=EventType(item.event_type).on_the_wire,
                reg_record_type=record_type,
                record=records[item.subject_id],
            )
            for item in due
            if item.subject_id in records
        ]

    async def _policy(self, item: DueNotification) -> PartnerPolicy | None:
        """Return the subscriber's policy, None if it does not let it be told any more."""
        try:
            policy = await policy_of(item.client, using=self.using)
            purpose = policy.purpose(item.purpose)
        except DomainError as error:
            log.info("notification-not-agreed", code=error.code)
            return None
        return None if policy.dci is None or purpose.consent_required else policy

    async def forget(self) -> bool:
        """End subscriptions that have run out, and forget what was queued long ago."""
        now = self.using.clock.now()
        async with self.using.database.transaction() as tx:
            ended = await end_all_expired(tx, at=now, limit=FORGOTTEN_AT_ONCE_MAX)
            forgotten = await forget_queued(tx, before=now - KEPT, limit=FORGOTTEN_AT_ONCE_MAX)
        return ended + forgotten > 0


def _agreed(due: Sequence[DueNotification], policy: PartnerPolicy) -> list[DueNotification]:
    """Return what the policy of this moment lets be told: a filter is a question asked for ever."""
    filters = {item.code: item.filter for item in due}
    agreed = {code for code, document in filters.items() if _may_ask(document, policy)}
    return [item for item in due if item.code in agreed]


def _may_ask(document: dict[str, Any] | None, policy: PartnerPolicy) -> bool:
    if document is None:
        return True
    try:
        require_told(from_document(document), told=policy.told)
    except (RefusedQueryError, UnreadableFilterError):
        return False
    return policy.batch
