"""The outbox: events written with their cause, claimed by state, marked once a broker has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.storage.database import Database, Transaction

CLAIM_SECONDS = 60
ERROR_CHARACTERS_MAX = 200
RETRY_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that no broker has confirmed yet."""

    position: int
    event_id: UUID
    type: str
    body: bytes


async def add_event(tx: Transaction, *, event_id: UUID, event_type: str, body: bytes) -> None:
    """Keep an event in the transaction of its cause."""
    await tx.execute(
        "INSERT INTO outbox (event_id, type, body) VALUES (%s, %s, %s)",
        (event_id, event_type, body),
    )


async def claim_events(database: Database, *, limit: int) -> list[WaitingEvent]:
    """Claim the oldest waiting events for `CLAIM_SECONDS`, skipping what others have claimed.

    Claims are leases and not open transactions, since a broker is called while they hold.
    """
    async with database.transaction() as tx:
        cursor = await tx.execute(
            """
            UPDATE outbox SET claimed_until = now() + make_interval(secs => %(seconds)s),
                              attempts = attempts + 1
             WHERE position IN (
                   SELECT position FROM outbox
                    WHERE sent_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
                    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            RETURNING position, event_id, type, body
            """,
            {"seconds": CLAIM_SECONDS, "limit": limit},
        )
        rows = await cursor.fetchall()
    events = [
        WaitingEvent(row["position"], row["event_id"], row["type"], bytes(row["body"]))
        for row in rows
    ]
    return sorted(events, key=lambda event: event.position)


async def mark_sent(database: Database, positions: Sequence[int]) -> None:
    """Record that a broker has confirmed these events."""
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE outbox SET sent_at = now(), claimed_until = NULL, last_error = NULL"
            " WHERE position = ANY(%s)",
            (list(positions),),
        )


async def mark_unsent(database: Database, position: int, *, error: str) -> None:
    """Keep an event that no broker took, to be tried again after a growing wait."""
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE outbox SET last_error = %(error)s, claimed_until = now()"
            " + make_interval(secs => least(%(most)s, power(2, least(attempts, 10)) / 4))"
            " WHERE position = %(position)s",
            {
                "error": error[:ERROR_CHARACTERS_MAX],
                "most": RETRY_SECONDS_MAX,
                "position": position,
            },
        )


async def waiting_count_and_age(database: Database) -> tuple[int, float]:
    """Return how many events wait, and the age of the oldest in seconds."""
    async with database.transaction() as tx:
        cursor = await tx.execute(
            "SELECT count(*) AS waiting,"
            " coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS age"
            " FROM outbox WHERE sent_at IS NULL"
        )
        row = await cursor.fetchone()
    return (0, 0.0) if row is None else (int(row["waiting"]), float(row["age"]))


async def purge_sent(tx: Transaction, *, days: int, limit: int = 10_000) -> int:
    """Forget sent events, and claims of the inbox, older than so many days."""
    sent = await tx.execute(
        "DELETE FROM outbox WHERE position IN (SELECT position FROM outbox"
        " WHERE sent_at < now() - make_interval(days => %(days)s) LIMIT %(limit)s)",
        {"days": days, "limit": limit},
    )
    claimed = await tx.execute(
        "DELETE FROM inbox WHERE (event_id, consumer) IN (SELECT event_id, consumer FROM inbox"
        " WHERE claimed_at < now() - make_interval(days => %(days)s) LIMIT %(limit)s)",
        {"days": days, "limit": limit},
    )
    return sent.rowcount + claimed.rowcount
