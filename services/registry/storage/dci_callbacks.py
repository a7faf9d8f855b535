"""Callbacks: what is to be said to partners' addresses, until it is said or given up."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from shared.storage.database import Transaction

CLAIM_SECONDS = 60
CLAIMED_MAX = 32


@dataclass(frozen=True, slots=True)
class NewCallback:
    """A message of ours, sealed, and where it goes."""

    callback_id: UUID
    message_key: UUID | None
    client: str
    register_name: str
    action: str
    uri_sealed: bytes
    body_sealed: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DueCallback:
    """A callback that this process has claimed, to deliver it."""

    callback_id: UUID
    client: str
    action: str
    uri_sealed: bytes
    body_sealed: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt to deliver a callback."""

    callback_id: UUID
    attempts: int
    state: str
    """`delivered`, `refused`, `given-up`, or `due` again."""
    error: str | None = None
    """A word of ours for what went wrong."""
    wait_seconds: float = 0.0


async def add_callbacks(tx: Transaction, callbacks: Sequence[NewCallback]) -> None:
    """Queue callbacks in the transaction of their cause."""
    rows = [asdict(callback) for callback in callbacks]
    names = (
        "callback_id",
        "message_key",
        "client",
        "register_name",
        "action",
        "uri_sealed",
        "body_sealed",
        "created_at",
    )
    await tx.execute(
        """
        INSERT INTO dci_callback (callback_id, message_key, client, register_name, action,
                                  uri_sealed, body_sealed, created_at, state)
        SELECT callback.*, 'due'
          FROM unnest(%(callback_id)s::uuid[], %(message_key)s::uuid[], %(client)s::text[],
                      %(register_name)s::text[], %(action)s::text[], %(uri_sealed)s::bytea[],
                      %(body_sealed)s::bytea[], %(created_at)s::timestamptz[]) AS callback
        """,
        {name: [row[name] for row in rows] for name in names},
    )


async def claim_callbacks(tx: Transaction) -> list[DueCallback]:
    """Claim callbacks that are due for `CLAIM_SECONDS`, at most `CLAIMED_MAX`.

    A partner whose callbacks another process is delivering is passed over: one that does not answer
    holds up one process at most.
    """
    cursor = await tx.execute(
        """
        UPDATE dci_callback
           SET claimed_until = now() + make_interval(secs => %(seconds)s), attempts = attempts + 1
         WHERE callback_id IN (
               SELECT callback_id FROM dci_callback AS waiting
                WHERE state = 'due' AND (next_attempt_at IS NULL OR next_attempt_at <= now())
                  AND (claimed_until IS NULL OR claimed_until < now())
                  AND NOT EXISTS (SELECT 1 FROM dci_callback AS held
                                   WHERE held.client = waiting.client AND held.state = 'due'
                                     AND held.claimed_until >= now())
                ORDER BY next_attempt_at NULLS FIRST, callback_id
                LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING callback_id, client, action, uri_sealed, body_sealed, attempts
        """,
        {"seconds": CLAIM_SECONDS, "limit": CLAIMED_MAX},
    )
    return [DueCallback(**row) for row in await cursor.fetchall()]


async def record_attempts(tx: Transaction, attempts: Sequence[Attempt], *, at: datetime) -> None:
    """Record what came of attempts; whatever is settled forgets what it said.

    An attempt that outlived its claim, so that another process tried too, records nothing.
    """
    rows = [asdict(attempt) for attempt in attempts]
    names = ("callback_id", "attempts", "state", "error", "wait_seconds")
    await tx.execute(
        """
        UPDATE dci_callback
           SET state = attempt.state, last_error = attempt.error, claimed_until = NULL,
               next_attempt_at = now() + make_interval(secs => attempt.wait_seconds),
               body_sealed = CASE WHEN attempt.state IN ('delivered', 'refused') THEN NULL
                                  ELSE dci_callback.body_sealed END,
               settled_at = CASE WHEN attempt.state = 'due' THEN NULL ELSE %(at)s END
          FROM unnest(%(callback_id)s::uuid[], %(attempts)s::integer[], %(state)s::text[],
                      %(error)s::text[], %(wait_seconds)s::double precision[])
               AS attempt (callback_id, attempts, state, error, wait_seconds)
         WHERE dci_callback.callback_id = attempt.callback_id
           AND dci_callback.attempts = attempt.attempts AND dci_callback.state = 'due'
        """,
        {name: [row[name] for row in rows] for name in names} | {"at": at},
    )
