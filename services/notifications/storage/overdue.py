"""Messages whose time is over, by the business clock."""

from datetime import datetime

from services.notifications.storage.messages import MessageKey
from shared.storage.database import Transaction


async def expired_unsent(tx: Transaction, *, now: datetime, limit: int) -> list[MessageKey]:
    """Return unsent messages whose last moment has passed."""
    cursor = await tx.execute(
        """
        SELECT created_at, message_id FROM message
         WHERE state IN ('AWAITING_CONTACT', 'QUEUED') AND expires_at <= %(now)s
         LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        {"now": now, "limit": limit},
    )
    return [MessageKey(row["created_at"], row["message_id"]) for row in await cursor.fetchall()]


async def overdue_receipts(tx: Transaction, *, before: datetime, limit: int) -> list[MessageKey]:
    """Return messages first submitted before an instant and not settled since."""
    cursor = await tx.execute(
        """
        SELECT created_at, message_id FROM message
         WHERE state IN ('SUBMITTED', 'SUBMIT_UNKNOWN') AND submitted_at < %(before)s
         LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        {"before": before, "limit": limit},
    )
    return [MessageKey(row["created_at"], row["message_id"]) for row in await cursor.fetchall()]
