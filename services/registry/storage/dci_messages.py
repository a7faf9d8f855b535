"""Messages of the DCI standard: taken once, answered once, remembered for those who ask."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.storage.database import Transaction

CLAIM_SECONDS = 120


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it is first kept."""

    message_key: UUID
    client: str
    register_name: str
    action: str
    sender_id: str
    message_blind: bytes
    transaction_blind: bytes
    reference_blinds: Sequence[bytes]
    digest: bytes
    purpose: str | None
    regions: Sequence[str]
    programmes: Sequence[str]
    items: int
    request_sealed: bytes | None
    """What it asks; None if it is answered at once."""
    outcome_sealed: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """What a message that came before is told by."""

    message_key: UUID
    digest: bytes


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that this process has claimed, to answer it."""

    message_key: UUID
    client: str
    register_name: str
    action: str
    sender_id: str
    purpose: str | None
    regions: Sequence[str]
    programmes: Sequence[str]
    items: int
    request_sealed: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """What became of a message."""

    message_key: UUID
    state: str
    outcome_sealed: bytes


@dataclass(frozen=True, slots=True)
class Earlier:
    """By what earlier messages of one client are found; one of the lists is not empty."""

    client: str
    register_name: str
    actions: Sequence[str]
    transaction_blinds: Sequence[bytes] = ()
    reference_blinds: Sequence[bytes] = ()
    message_keys: Sequence[UUID] = ()


async def find_message(
    tx: Transaction, client: str, *, register: str, message_blinds: Sequence[bytes]
) -> KnownMessage | None:
    """Return the message that a client sent under a name before, if it did."""
    cursor = await tx.execute(
        """
        SELECT message_key, digest FROM dci_message
         WHERE client = %(client)s AND register_name = %(register_name)s
           AND message_blind = ANY(%(blinds)s)
         LIMIT 1
        """,
        {"client": client, "register_name": register, "blinds": list(message_blinds)},
    )
    row = await cursor.fetchone()
    return None if row is None else KnownMessage(row["message_key"], bytes(row["digest"]))


async def add_message(tx: Transaction, new: NewMessage, *, state: str) -> bool:
    """Keep a message; False if its client sent one of the same name meanwhile.

    Args:
        tx: The open transaction.
        new: The message.
        state: `received` leaves it to a worker; `answering` says that its caller waits.
    """
    cursor = await tx.execute(
        """
        INSERT INTO dci_message
               (message_key, client, register_name, action, sender_id, message_blind,
                transaction_blind, reference_blinds, digest, purpose, regions, programmes, state,
                items, request_sealed, outcome_sealed, received_at)
        VALUES (%(message_key)s, %(client)s, %(register_name)s, %(action)s, %(sender_id)s,
                %(message_blind)s, %(transaction_blind)s, %(reference_blinds)s, %(digest)s,
                %(purpose)s, %(regions)s, %(programmes)s, %(state)s, %(items)s,
                %(request_sealed)s, %(outcome_sealed)s, %(received_at)s)
        ON CONFLICT (client, register_name, message_blind) DO NOTHING
        """,
        asdict(new) | {"state": state},
    )
    return cursor.rowcount == 1


async def claim_message(tx: Transaction) -> WaitingMessage | None:
    """Claim the message that waits longest for `CLAIM_SECONDS`, skipping what others claimed."""
    cursor = await tx.execute(
        """
        UPDATE dci_message
           SET claimed_until = now() + make_interval(secs => %(seconds)s), attempts = attempts + 1
         WHERE message_key IN (
               SELECT message_key FROM dci_message
                WHERE state = 'received' AND (claimed_until IS NULL OR claimed_until < now())
                ORDER BY received_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING message_key, client, register_name, action, sender_id, purpose, regions,
                  programmes, items, request_sealed, attempts
        """,
        {"seconds": CLAIM_SECONDS},
    )
    row = await cursor.fetchone()
    return None if row is None else WaitingMessage(**row)


async def settle_message(
    tx: Transaction,
    waiting: WaitingMessage,
    *,
    state: str,
    outcome_sealed: bytes | None,
    at: datetime,
) -> bool:
    """Record what became of a claimed message and forget what it asked.

    Without an outcome, what was kept of its items stays as it is.

    False if another process has claimed it meanwhile: then nothing of this one's answer may stay.
    """
    cursor = await tx.execute(
        """
        UPDATE dci_message
           SET state = %(state)s, outcome_sealed = coalesce(%(outcome)s, outcome_sealed),
               request_sealed = NULL, claimed_until = NULL, answered_at = %(at)s
         WHERE message_key = %(key)s AND state = 'received' AND attempts = %(attempts)s
        """,
        {
            "key": waiting.message_key,
            "attempts": waiting.attempts,
            "state": state,
            "outcome": outcome_sealed,
            "at": at,
        },
    )
    return cursor.rowcount == 1


async def settle_answered_at_once(
    tx: Transaction, message_key: UUID, *, outcome_sealed: bytes, at: datetime
) -> None:
    """Record what became of a message whose caller waited for the answer."""
    await tx.execute(
        """
        UPDATE dci_message
           SET state = 'answered', outcome_sealed = %(outcome)s, answered_at = %(at)s
         WHERE message_key = %(key)s AND state IN ('answering', 'answered')
        """,
        {"key": message_key, "outcome": outcome_sealed, "at": at},
    )


async def read_earlier(tx: Transaction, asked: Earlier, *, limit: int) -> list[EarlierMessage]:
    """Return the newest of a client's earlier messages that `asked` describes."""
    found_by = {
        "transaction_blind = ANY(%(transaction_blinds)s)": asked.transaction_blinds,
        "reference_blinds && %(reference_blinds)s::bytea[]": asked.reference_blinds,
        "message_key = ANY(%(message_keys)s)": asked.message_keys,
    }
    (condition,) = (condition for condition, values in found_by.items() if values)
    parameters: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple | list) else value
        for name, value in asdict(asked).items()
    }
    cursor = await tx.execute(
        f"""
        SELECT message_key, state, outcome_sealed FROM dci_message
         WHERE {condition} AND client = %(client)s AND register_name = %(register_name)s
           AND action = ANY(%(actions)s)
         ORDER BY received_at DESC LIMIT %(limit)s
        """.encode(),  # noqa: S608 -- one of the conditions above
        parameters | {"limit": limit},
    )
    return [EarlierMessage(**row) for row in await cursor.fetchall()]


async def forget_messages(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete messages and callbacks that were settled before an instant; return how many."""
    cursor = await tx.execute(
        """
        WITH callbacks AS (
            DELETE FROM dci_callback WHERE callback_id IN (
                SELECT callback_id FROM dci_callback
                 WHERE state <> 'due' AND settled_at < %(before)s
                 ORDER BY settled_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            RETURNING 1
        ), messages AS (
            DELETE FROM dci_message WHERE message_key IN (
                SELECT message_key FROM dci_message
                 WHERE state <> 'received' AND received_at < %(before)s
                 ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM callbacks) + (SELECT count(*) FROM messages) AS forgotten
        """,
        {"before": before, "limit": limit},
    )
    (row,) = await cursor.fetchall()
    return int(row["forgotten"])
