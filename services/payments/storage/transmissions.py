"""Files on their way: who may send which, their bytes, and their attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.storage.database import Transaction

FILE_TABLE = "transmission_file"
RETRY_SECONDS_MAX = 60

_CLAIM = """
UPDATE transmission SET lease_until = now() + make_interval(secs => %(seconds)s), tries = tries + 1
 WHERE transmission_id = (
       SELECT transmission_id FROM transmission
        WHERE state IN ('PREPARED', 'SENDING', 'UNKNOWN') AND lease_until <= now()
        ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING transmission_id, region_code, msg_id, attempts, amount_centimes, state
"""

_CREDITS = """
SELECT a.end_to_end_id, a.instruction_id, a.amount_centimes, a.account_id, p.account,
       p.account_blind, p.name
  FROM payment_attempt a JOIN payee_account p USING (account_id)
 WHERE a.transmission_id = %(transmission_id)s
 ORDER BY a.position
"""

_STEP = """
UPDATE transmission SET state = %(after)s,
       lease_until = CASE %(after)s
           WHEN 'UNKNOWN' THEN
               now() + make_interval(secs => least(%(most)s, power(2, least(tries, 10))))
           WHEN 'SENDING' THEN lease_until END,
       received_at = CASE WHEN %(after)s = 'RECEIVED' THEN %(at)s::timestamptz
                          ELSE received_at END
 WHERE transmission_id = %(transmission_id)s AND state = ANY(%(before)s)
"""

_STEP_ATTEMPTS = """
UPDATE payment_attempt SET state = %(after)s, changed_at = %(at)s
 WHERE transmission_id = %(transmission_id)s AND state = ANY(%(before)s)
RETURNING instruction_id
"""


@dataclass(frozen=True, slots=True)
class Transmission:
    """A file that this worker may send until its claim ends."""

    transmission_id: UUID
    region_code: str
    msg_id: str
    attempts: int
    amount_centimes: int
    state: str


@dataclass(frozen=True, slots=True)
class SealedCredit:
    """One attempt of a file, with its account as it is stored."""

    end_to_end_id: str
    instruction_id: UUID
    amount_centimes: int
    account_id: UUID
    account: bytes
    account_blind: bytes
    name: bytes


@dataclass(frozen=True, slots=True)
class SealedFile:
    """The bytes of a file as they are kept: deflated, sealed, with the hash of the plain ones."""

    format: str
    created_at: datetime
    execute_on: date
    size_bytes: int
    sha256: bytes
    body: bytes


async def make_due(tx: Transaction, cycle_id: UUID) -> int:
    """Let the files of a cycle go, from now on."""
    cursor = await tx.execute(
        "UPDATE transmission SET lease_until = now() WHERE cycle_id = %s AND state = 'PREPARED'",
        (cycle_id,),
    )
    return cursor.rowcount


async def claim_due(tx: Transaction, *, seconds: int) -> Transmission | None:
    """Claim the file that has been due longest; others leave it alone for so many seconds."""
    cursor = await tx.execute(_CLAIM, {"seconds": seconds})
    row = await cursor.fetchone()
    return None if row is None else Transmission(**row)


async def park(tx: Transaction, transmission_id: UUID) -> None:
    """Leave a file alone until a person has looked at it."""
    await tx.execute(
        "UPDATE transmission SET lease_until = NULL WHERE transmission_id = %s", (transmission_id,)
    )


async def credits_of(tx: Transaction, transmission_id: UUID) -> list[SealedCredit]:
    """Return the attempts of a file in their order."""
    cursor = await tx.execute(_CREDITS, {"transmission_id": transmission_id})
    return [SealedCredit(**row) for row in await cursor.fetchall()]


async def keep_file(tx: Transaction, transmission: Transmission, file: SealedFile) -> None:
    """Keep the bytes that will be sent, before they are."""
    await tx.execute(
        "INSERT INTO transmission_file (transmission_id, region_code, format, created_at,"
        " execute_on, size_bytes, sha256, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            transmission.transmission_id,
            transmission.region_code,
            file.format,
            file.created_at,
            file.execute_on,
            file.size_bytes,
            file.sha256,
            file.body,
        ),
    )


async def kept_file(tx: Transaction, transmission_id: UUID) -> SealedFile | None:
    """Return the bytes that were kept for a file."""
    cursor = await tx.execute(
        "SELECT format, created_at, execute_on, size_bytes, sha256, body FROM transmission_file"
        " WHERE transmission_id = %s",
        (transmission_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else SealedFile(**row)


async def step_transmission(
    tx: Transaction,
    transmission_id: UUID,
    *,
    before: Sequence[str],
    after: str,
    at: datetime,
) -> bool:
    """Move a file one step if it stands where it should; an unknown one is due again later."""
    cursor = await tx.execute(
        _STEP,
        {
            "transmission_id": transmission_id,
            "before": list(before),
            "after": after,
            "at": at,
            "most": RETRY_SECONDS_MAX,
        },
    )
    return cursor.rowcount == 1


async def step_attempts_of(
    tx: Transaction,
    transmission_id: UUID,
    *,
    before: Sequence[str],
    after: str,
    at: datetime,
) -> list[UUID]:
    """Move the attempts of a file that stand where they should; return their instructions."""
    cursor = await tx.execute(
        _STEP_ATTEMPTS,
        {
            "transmission_id": transmission_id,
            "before": list(before),
            "after": after,
            "at": at,
        },
    )
    return [row["instruction_id"] for row in await cursor.fetchall()]
