"""The queue's far end: claiming due messages under a fence, and putting back what did not go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.storage.arrays import array
from services.notifications.storage.messages import MessageKey
from shared.storage.database import Transaction

CLAIM_LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that is about to be submitted, and which of its parts already were."""

    key: MessageKey
    household_id: UUID
    region_code: str
    stage: str
    text_sealed: bytes
    expires_at: datetime
    deferrals: int
    answered: frozenset[int]


@dataclass(frozen=True, slots=True)
class Returned:
    """A claimed message that goes back into the queue, known not to be accepted."""

    key: MessageKey
    not_before: datetime
    is_deferral: bool


async def claim_due(
    tx: Transaction, *, now: datetime, since: datetime, fence: int, limit: int
) -> list[ClaimedMessage]:
    """Mark due messages as being submitted under `fence`, oldest first, and return them.

    A message of unknown outcome is claimed once more and never again. Messages made before
    `since` have expired; their partitions are not looked at.
    """
    cursor = await tx.execute(
        """
        WITH due AS (
            SELECT created_at, message_id, state FROM message
             WHERE (state = 'QUEUED' OR (state = 'SUBMIT_UNKNOWN' AND NOT is_resent))
               AND not_before <= %(now)s AND expires_at > %(now)s
               AND created_at BETWEEN %(since)s AND %(now)s
             ORDER BY not_before LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
        claimed AS (
            UPDATE message m
               SET state = 'SUBMITTING', fence = %(fence)s, leased_until = now() + %(lease)s,
                   is_resent = m.is_resent OR due.state = 'SUBMIT_UNKNOWN',
                   version = m.version + 1, changed_at = %(now)s
              FROM due
             WHERE m.created_at = due.created_at AND m.message_id = due.message_id
               AND m.created_at BETWEEN %(since)s AND %(now)s
            RETURNING m.*)
        SELECT claimed.created_at, claimed.message_id, household_id, claimed.region_code, stage,
               text_sealed, expires_at, deferrals,
               array(SELECT sequence FROM message_part p
                      WHERE p.message_id = claimed.message_id) AS answered
          FROM claimed ORDER BY not_before, claimed.message_id
        """,
        {"now": now, "since": since, "fence": fence, "limit": limit, "lease": CLAIM_LEASE},
    )
    return [
        ClaimedMessage(
            key=MessageKey(row["created_at"], row["message_id"]),
            household_id=row["household_id"],
            region_code=row["region_code"],
            stage=row["stage"],
            text_sealed=row["text_sealed"],
            expires_at=row["expires_at"],
            deferrals=row["deferrals"],
            answered=frozenset(row["answered"]),
        )
        for row in await cursor.fetchall()
    ]


async def put_back(
    tx: Transaction, returned: Sequence[Returned], *, fence: int, at: datetime
) -> None:
    """Put claimed messages that the SMS centre did not take back into the queue."""
    if not returned:
        return
    await tx.execute(
        """
        UPDATE message m
           SET state = 'QUEUED', not_before = back.not_before, version = m.version + 1,
               deferrals = least(m.deferrals + back.is_deferral::int, 1000), changed_at = %(at)s
          FROM unnest(%(created)s::timestamptz[], %(ids)s::uuid[], %(waits)s::timestamptz[],
                      %(deferrals)s::boolean[])
               AS back (created_at, message_id, not_before, is_deferral)
         WHERE m.created_at = back.created_at AND m.message_id = back.message_id
           AND m.created_at BETWEEN %(first)s AND %(last)s
           AND m.state = 'SUBMITTING' AND m.fence = %(fence)s
        """,
        {
            "at": at,
            "fence": fence,
            "created": array([item.key.created_at for item in returned]),
            "ids": array([item.key.message_id for item in returned]),
            "waits": array([item.not_before for item in returned]),
            "deferrals": array([item.is_deferral for item in returned]),
            "first": min(item.key.created_at for item in returned),
            "last": max(item.key.created_at for item in returned),
        },
    )


async def mark_unknown(
    tx: Transaction, keys: Sequence[MessageKey], *, fence: int, at: datetime
) -> None:
    """Record that nobody knows whether the SMS centre took these claimed messages."""
    if not keys:
        return
    created = [key.created_at for key in keys]
    await tx.execute(
        """
        UPDATE message m
           SET state = 'SUBMIT_UNKNOWN', not_before = %(at)s, version = m.version + 1,
               submitted_at = coalesce(m.submitted_at, %(at)s), changed_at = %(at)s
          FROM unnest(%(created)s::timestamptz[], %(ids)s::uuid[]) AS k (created_at, message_id)
         WHERE m.created_at = k.created_at AND m.message_id = k.message_id
           AND m.created_at BETWEEN %(first)s AND %(last)s
           AND m.state = 'SUBMITTING' AND m.fence = %(fence)s
        """,
        {
            "at": at,
            "fence": fence,
            "created": array(created),
            "ids": array([key.message_id for key in keys]),
            "first": min(created),
            "last": max(created),
        },
    )


async def orphan_older_fences(tx: Transaction, *, fence: int, at: datetime) -> int:
    """Mark as unknown what earlier owners of the bind left half submitted; return how many."""
    cursor = await tx.execute(
        """
        UPDATE message
           SET state = 'SUBMIT_UNKNOWN', not_before = %(at)s, version = version + 1,
               submitted_at = coalesce(submitted_at, %(at)s), changed_at = %(at)s
         WHERE state = 'SUBMITTING' AND fence < %(fence)s
        """,
        {"fence": fence, "at": at},
    )
    return cursor.rowcount


async def orphan_stuck(tx: Transaction, *, at: datetime) -> int:
    """Mark as unknown what was claimed longer ago than `CLAIM_LEASE`; return how many."""
    cursor = await tx.execute(
        """
        UPDATE message
           SET state = 'SUBMIT_UNKNOWN', not_before = %(at)s, version = version + 1,
               submitted_at = coalesce(submitted_at, %(at)s), changed_at = %(at)s
         WHERE state = 'SUBMITTING' AND leased_until < now()
        """,
        {"at": at},
    )
    return cursor.rowcount
