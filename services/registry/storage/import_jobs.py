"""Import jobs: who sent a file, how far it was received, and how far it is applied."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from shared.storage.database import Transaction

FileFormat: TypeAlias = Literal["jsonl", "csv"]

_COLUMNS = """
    job_id, client, idempotency_key, file_digest, file_format, regions, state, attempt,
    failure_code, blocks_total, blocks_done, lines_total, lines_done, persons_recorded,
    households_recorded, unchanged, rejected, created_at, received_at, completed_at
"""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """A file of declarations and its progress."""

    job_id: UUID
    client: str
    idempotency_key: str
    file_digest: bytes
    file_format: FileFormat
    regions: tuple[str, ...]
    state: str
    attempt: int
    failure_code: str | None
    blocks_total: int
    blocks_done: int
    lines_total: int
    lines_done: int
    persons_recorded: int
    households_recorded: int
    unchanged: int
    rejected: int
    created_at: datetime
    received_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What a client says of a file before sending it."""

    client: str
    idempotency_key: str
    file_digest: bytes
    """SHA-256 of the whole file."""
    regions: tuple[str, ...]
    """Region codes the client may write to, `*` for all of them."""
    file_format: FileFormat = "jsonl"


@dataclass(frozen=True, slots=True)
class BlockTally:
    """What came of the lines of one block; the counts add up to its lines."""

    persons_recorded: int
    households_recorded: int
    unchanged: int
    rejected: int


async def add_job(tx: Transaction, job_id: UUID, request: ImportRequest, *, at: datetime) -> None:
    """Begin a job unless the client has used its key before."""
    await tx.execute(
        """
        INSERT INTO import_job
               (job_id, client, idempotency_key, file_digest, file_format, regions, state,
                attempt, created_at)
        VALUES (%(job_id)s, %(client)s, %(key)s, %(digest)s, %(format)s, %(regions)s, 'receiving',
                0, %(at)s)
        ON CONFLICT (client, idempotency_key) DO NOTHING
        """,
        {
            "job_id": job_id,
            "client": request.client,
            "key": request.idempotency_key,
            "digest": request.file_digest,
            "format": request.file_format,
            "regions": list(request.regions),
            "at": at,
        },
    )


async def lock_job_of_key(tx: Transaction, client: str, *, idempotency_key: str) -> ImportJob:
    """Return the job that a client's key stands for, locked until the transaction ends."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM import_job"  # noqa: S608 -- our own column names
        " WHERE client = %(client)s AND idempotency_key = %(key)s FOR UPDATE",
        {"client": client, "key": idempotency_key},
    )
    (row,) = await cursor.fetchall()
    return _job(row)


async def begin_attempt(tx: Transaction, job_id: UUID) -> int:
    """Receive a job's file from its beginning, and return the number of this attempt.

    Blocks of earlier attempts are never read again.
    """
    cursor = await tx.execute(
        "UPDATE import_job SET state = 'receiving', attempt = attempt + 1, failure_code = NULL,"
        " completed_at = NULL WHERE job_id = %(job_id)s RETURNING attempt",
        {"job_id": job_id},
    )
    (row,) = await cursor.fetchall()
    return int(row["attempt"])


async def mark_received(
    tx: Transaction,
    job_id: UUID,
    *,
    attempt: int,
    blocks_total: int,
    lines_total: int,
    at: datetime,
) -> bool:
    """Let a wholly received file be applied; False if another attempt has taken over."""
    cursor = await tx.execute(
        """
        UPDATE import_job
           SET state = 'received', blocks_total = %(blocks)s, lines_total = %(lines)s,
               received_at = %(at)s
         WHERE job_id = %(job_id)s AND attempt = %(attempt)s AND state = 'receiving'
        """,
        {
            "job_id": job_id,
            "attempt": attempt,
            "blocks": blocks_total,
            "lines": lines_total,
            "at": at,
        },
    )
    return cursor.rowcount == 1


async def mark_failed(
    tx: Transaction, job_id: UUID, *, attempt: int, code: str, at: datetime
) -> None:
    """End an attempt whose file did not arrive whole."""
    await tx.execute(
        "UPDATE import_job SET state = 'failed', failure_code = %(code)s, completed_at = %(at)s"
        " WHERE job_id = %(job_id)s AND attempt = %(attempt)s AND state = 'receiving'",
        {"job_id": job_id, "attempt": attempt, "code": code, "at": at},
    )


async def hold_attempt(tx: Transaction, job_id: UUID, *, attempt: int) -> bool:
    """Keep an attempt from ending until this transaction does; False if it has ended already."""
    cursor = await tx.execute(
        "SELECT 1 FROM import_job WHERE job_id = %(job_id)s AND attempt = %(attempt)s"
        " AND state = 'receiving' FOR SHARE",
        {"job_id": job_id, "attempt": attempt},
    )
    return await cursor.fetchone() is not None


async def fail_abandoned_jobs(
    tx: Transaction, *, lease_prefix: str, code: str, at: datetime
) -> list[UUID]:
    """Fail the jobs that nobody receives any more, and return their ids.

    Args:
        tx: The open transaction.
        lease_prefix: What the names of the receivers' leases begin with, before the job's id.
        code: Why they failed.
        at: The business instant.
    """
    cursor = await tx.execute(
        """
        UPDATE import_job
           SET state = 'failed', failure_code = %(code)s, completed_at = %(at)s
         WHERE state = 'receiving'
           AND NOT EXISTS (SELECT 1 FROM lease WHERE name = %(prefix)s || import_job.job_id
                                                 AND expires_at > now())
        RETURNING job_id
        """,
        {"prefix": lease_prefix, "code": code, "at": at},
    )
    return [row["job_id"] for row in await cursor.fetchall()]


async def next_unfinished_job(tx: Transaction) -> ImportJob | None:
    """Return the received job that arrived first; files take effect in the order of arrival."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM import_job"  # noqa: S608 -- our own column names
        " WHERE state IN ('received', 'applying') ORDER BY received_at, job_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else _job(row)


async def record_progress(
    tx: Transaction,
    job: ImportJob,
    *,
    number: int,
    lines: int,
    tally: BlockTally,
    at: datetime,
) -> bool:
    """Count a block as applied; False if somebody else has already applied it.

    Args:
        tx: The transaction of the block's effects.
        job: The job as it stood when the block was taken.
        number: The block's number, from 0.
        lines: How many lines it had.
        tally: What came of them.
        at: When the job completes, if this was its last block.
    """
    cursor = await tx.execute(
        """
        UPDATE import_job
           SET blocks_done = blocks_done + 1,
               lines_done = lines_done + %(lines)s,
               persons_recorded = persons_recorded + %(persons)s,
               households_recorded = households_recorded + %(households)s,
               unchanged = unchanged + %(unchanged)s,
               rejected = rejected + %(rejected)s,
               state = CASE WHEN blocks_done + 1 = blocks_total THEN 'completed'
                            ELSE 'applying' END,
               completed_at = CASE WHEN blocks_done + 1 = blocks_total THEN %(at)s::timestamptz END
         WHERE job_id = %(job_id)s AND attempt = %(attempt)s AND blocks_done = %(number)s
           AND state IN ('received', 'applying')
        """,
        {
            "job_id": job.job_id,
            "attempt": job.attempt,
            "number": number,
            "lines": lines,
            "persons": tally.persons_recorded,
            "households": tally.households_recorded,
            "unchanged": tally.unchanged,
            "rejected": tally.rejected,
            "at": at,
        },
    )
    return cursor.rowcount == 1


async def read_job(tx: Transaction, job_id: UUID) -> ImportJob | None:
    """Return a job, if there is one of this id."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM import_job WHERE job_id = %(job_id)s",  # noqa: S608
        {"job_id": job_id},
    )
    row = await cursor.fetchone()
    return None if row is None else _job(row)


def _job(row: dict[str, Any]) -> ImportJob:
    file_digest, regions = bytes(row["file_digest"]), tuple(row["regions"])
    return ImportJob(**{**row, "file_digest": file_digest, "regions": regions})
