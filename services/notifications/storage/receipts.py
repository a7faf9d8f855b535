"""Parts and receipts: whichever comes first waits for the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.messages import PartState
from services.notifications.storage.arrays import array
from services.notifications.storage.messages import MessageKey
from services.notifications.storage.tables import ReceiptRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction

RECEIPT_TABLE = "receipt"
RAW_COLUMN = "raw_sealed"
UNMATCHED_MAX = 2_000


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """What the SMS centre answered to the submission of one part; no id when it refused."""

    key: MessageKey
    sequence: int
    region_code: str
    provider_message_id: str | None
    state: PartState
    status: int


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt to be kept; what could not be read of it is None."""

    receipt_id: UUID
    provider_message_id: str | None
    word: str
    state: PartState | None
    raw_sealed: bytes


async def insert_parts(
    tx: Transaction, parts: Sequence[AnsweredPart], *, provider: str, at: datetime
) -> None:
    """Keep answers; a part that was answered before keeps its first answer."""
    if not parts:
        return
    await tx.execute(
        """
        INSERT INTO message_part (message_id, sequence, message_created_at, region_code,
                                  provider_message_id, state, state_rank, status, provider,
                                  changed_at)
        SELECT part.*, %(provider)s, %(at)s
          FROM unnest(%(ids)s::uuid[], %(sequences)s::smallint[], %(created)s::timestamptz[],
                      %(regions)s::text[], %(provider_ids)s::text[], %(states)s::text[],
                      %(ranks)s::smallint[], %(statuses)s::bigint[]) AS part
        ON CONFLICT (message_id, sequence) DO NOTHING
        """,
        {
            "provider": provider,
            "at": at,
            "ids": array([part.key.message_id for part in parts]),
            "sequences": array([part.sequence for part in parts]),
            "created": array([part.key.created_at for part in parts]),
            "regions": array([part.region_code for part in parts]),
            "provider_ids": array([part.provider_message_id for part in parts]),
            "states": array([part.state for part in parts]),
            "ranks": array([part.state.rank for part in parts]),
            "statuses": array([part.status for part in parts]),
        },
    )


async def keep_receipts(
    tx: Transaction,
    receipts: Sequence[KeptReceipt],
    *,
    provider: str,
    at: datetime,
    since: datetime,
) -> None:
    """Keep receipts with the message each belongs to, where that is known already.

    Args:
        tx: The transaction after which they are acknowledged.
        receipts: As they came.
        provider: The SMS centre they came from.
        at: When, in business time.
        since: Parts of older messages are not looked for: centres use ids again.
    """
    if not receipts:
        return
    cursor = await tx.execute(
        "SELECT provider_message_id, message_id, region_code FROM message_part"
        " WHERE provider = %(provider)s AND provider_message_id = ANY(%(ids)s::text[])"
        " AND message_created_at >= %(since)s",
        {
            "provider": provider,
            "ids": array([receipt.provider_message_id for receipt in receipts]),
            "since": since,
        },
    )
    owners = {
        row["provider_message_id"]: (row["message_id"], row["region_code"])
        for row in await cursor.fetchall()
    }
    rows = (
        (
            at,
            receipt.receipt_id,
            provider,
            receipt.provider_message_id,
            receipt.word,
            None if receipt.state is None else receipt.state.value,
            receipt.raw_sealed,
            *owners.get(receipt.provider_message_id, (None, None)),
        )
        for receipt in receipts
    )
    await copy_rows(tx, RECEIPT_TABLE, column_names(ReceiptRow), rows)


async def early_ids(
    tx: Transaction, provider_ids: Sequence[str], *, provider: str, at: datetime, since: datetime
) -> list[str]:
    """Return those of these provider ids of which receipts came before their part was known."""
    if not provider_ids:
        return []
    cursor = await tx.execute(
        "SELECT DISTINCT provider_message_id FROM receipt"
        " WHERE message_id IS NULL AND provider_message_id = ANY(%(ids)s::text[])"
        " AND provider = %(provider)s AND received_at BETWEEN %(since)s AND %(at)s",
        {"ids": array(provider_ids), "provider": provider, "since": since, "at": at},
    )
    return [row["provider_message_id"] for row in await cursor.fetchall()]


async def match_early_receipts(
    tx: Transaction, provider_ids: Sequence[str], *, provider: str, at: datetime, since: datetime
) -> list[tuple[str, PartState]]:
    """Give receipts that came before their part was known to its message; return what they say."""
    if not provider_ids:
        return []
    cursor = await tx.execute(
        """
        UPDATE receipt r
           SET message_id = p.message_id, region_code = p.region_code
          FROM message_part p
         WHERE r.message_id IS NULL AND r.provider_message_id = ANY(%(ids)s)
           AND r.received_at BETWEEN %(since)s AND %(at)s AND r.provider = %(provider)s
           AND p.provider_message_id = r.provider_message_id AND p.provider = r.provider
           AND p.message_created_at >= %(since)s
        RETURNING r.provider_message_id, r.state
        """,
        {"ids": list(provider_ids), "provider": provider, "since": since, "at": at},
    )
    return [
        (row["provider_message_id"], PartState(row["state"]))
        for row in await cursor.fetchall()
        if row["state"] is not None
    ]


async def unmatched_ids(tx: Transaction, *, provider: str, since: datetime) -> list[str]:
    """Return provider ids of receipts that wait although their part is known by now."""
    cursor = await tx.execute(
        """
        SELECT r.provider_message_id
          FROM receipt r JOIN message_part p
            ON p.provider_message_id = r.provider_message_id AND p.provider = r.provider
         WHERE r.message_id IS NULL AND r.provider_message_id IS NOT NULL
           AND r.provider = %(provider)s AND r.received_at >= %(since)s
           AND p.message_created_at >= %(since)s
         LIMIT %(limit)s
        """,
        {"provider": provider, "since": since, "limit": UNMATCHED_MAX},
    )
    return [row["provider_message_id"] for row in await cursor.fetchall()]


async def raise_parts(
    tx: Transaction,
    told: Mapping[str, PartState],
    *,
    provider: str,
    at: datetime,
    since: datetime,
) -> set[MessageKey]:
    """Raise parts to what receipts say, never lower them; return the messages touched."""
    if not told:
        return set()
    cursor = await tx.execute(
        """
        UPDATE message_part p
           SET state = told.state, state_rank = told.state_rank, changed_at = %(at)s
          FROM unnest(%(ids)s::text[], %(states)s::text[], %(ranks)s::smallint[])
               AS told (provider_message_id, state, state_rank)
         WHERE p.provider_message_id = told.provider_message_id AND p.provider = %(provider)s
           AND p.message_created_at >= %(since)s AND told.state_rank > p.state_rank
        RETURNING p.message_created_at, p.message_id
        """,
        {
            "at": at,
            "provider": provider,
            "since": since,
            "ids": array(told),
            "states": array(told.values()),
            "ranks": array([state.rank for state in told.values()]),
        },
    )
    return {
        MessageKey(row["message_created_at"], row["message_id"]) for row in await cursor.fetchall()
    }
