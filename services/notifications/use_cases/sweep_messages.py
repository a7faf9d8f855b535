"""Picking up what fell between two chairs, so that every message reaches an end."""

from datetime import datetime

import structlog

from services.notifications.domain.messages import MessageState
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.storage.messages import move, settle
from services.notifications.storage.overdue import expired_unsent, overdue_receipts
from services.notifications.storage.receipts import (
    match_early_receipts,
    raise_parts,
    unmatched_ids,
)
from services.notifications.storage.sending import orphan_stuck
from services.notifications.use_cases.address_waiting import address_waiting
from services.notifications.use_cases.announce_settled import announce_settled
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.record_answers import (
    PROVEN,
    PROVIDER_IDS_UNIQUE_FOR,
    highest,
)
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease

log = structlog.get_logger(__name__)

LEASE = "sweep-messages"
LEASE_SECONDS = 30
SWEPT_MAX = 2_000


async def sweep_messages(collaborators: Collaborators, *, provider: str, owner: str) -> bool:
    """Sweep once, if no other process does; return whether anything was found.

    Waiting messages whose contact crossed them are addressed, receipts that crossed their part
    are matched, submissions whose lease ran out are called unknown, messages past their time
    expire, and submitted ones without a final receipt time out.
    """
    now = collaborators.clock.now()
    async with collaborators.database.transaction() as tx:
        if await acquire_lease(tx, LEASE, owner=owner, seconds=LEASE_SECONDS) is None:
            return False
        addressed = await address_waiting(tx, None, collaborators=collaborators)
    async with collaborators.database.transaction() as tx:
        matched = await _match_receipts(tx, provider=provider, at=now)
        stuck = await orphan_stuck(tx, at=now)
        expired = await move(
            tx, MessageState.EXPIRED, await expired_unsent(tx, now=now, limit=SWEPT_MAX), at=now
        )
        receipt_max = sending_rules().receipt_max
        overdue = await overdue_receipts(tx, before=now - receipt_max, limit=SWEPT_MAX)
        timed_out = await move(tx, MessageState.RECEIPT_TIMEOUT, overdue, at=now)
        await announce_settled(tx, expired + timed_out, at=now)
    found = {
        "addressed": addressed,
        "matched": matched,
        "stuck": stuck,
        "expired": len(expired),
        "timed_out": len(timed_out),
    }
    if any(found.values()):
        log.info("messages-swept", **found)
    return max(addressed, matched, len(expired), len(timed_out)) >= SWEPT_MAX


async def _match_receipts(tx: Transaction, *, provider: str, at: datetime) -> int:
    since = at - PROVIDER_IDS_UNIQUE_FOR
    waiting = await unmatched_ids(tx, provider=provider, since=since)
    told = highest(await match_early_receipts(tx, waiting, provider=provider, at=at, since=since))
    touched = await raise_parts(tx, told, provider=provider, at=at, since=since)
    await announce_settled(tx, await settle(tx, touched, proven=PROVEN, at=at), at=at)
    return len(waiting)
