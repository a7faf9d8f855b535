"""The received lines of imports, sealed until they are applied, and the refusals of lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.registry.storage.tables import ImportRejectRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction

BLOCK_TABLE = "import_block"
BODY_COLUMN = "body_sealed"
_REJECT_COLUMNS = column_names(ImportRejectRow)


@dataclass(frozen=True, slots=True)
class SealedBlock:
    """Some consecutive lines of a file, as they are kept."""

    job_id: UUID
    attempt: int
    number: int
    block_id: UUID
    first_line: int
    lines: int
    body_sealed: bytes


class LineReject(NamedTuple):
    """One reason why a line was refused."""

    job_id: UUID
    line: int
    position: int
    field: str
    code: str


async def add_block(tx: Transaction, block: SealedBlock) -> None:
    """Keep a block until its file is complete."""
    await tx.execute(
        "INSERT INTO import_block"
        " (job_id, attempt, number, block_id, first_line, lines, body_sealed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            block.job_id,
            block.attempt,
            block.number,
            block.block_id,
            block.first_line,
            block.lines,
            block.body_sealed,
        ),
        binary=True,
    )


async def read_block(
    tx: Transaction, job_id: UUID, *, attempt: int, number: int
) -> SealedBlock | None:
    """Return a block of an attempt, if it is there."""
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        "SELECT job_id, attempt, number, block_id, first_line, lines, body_sealed"
        " FROM import_block"
        " WHERE job_id = %(job_id)s AND attempt = %(attempt)s AND number = %(number)s",
        {"job_id": job_id, "attempt": attempt, "number": number},
    )
    row = await cursor.fetchone()
    return None if row is None else SealedBlock(**row)


async def forget_block(tx: Transaction, job_id: UUID, *, attempt: int, number: int) -> None:
    """Remove an applied block, and with the first one whatever broken attempts left behind."""
    await tx.execute(
        "DELETE FROM import_block WHERE job_id = %(job_id)s"
        " AND ((attempt = %(attempt)s AND number = %(number)s)"
        " OR (%(number)s = 0 AND attempt < %(attempt)s))",
        {"job_id": job_id, "attempt": attempt, "number": number},
    )


async def forget_blocks(tx: Transaction, job_ids: Sequence[UUID]) -> None:
    """Remove every block of some jobs."""
    await tx.execute("DELETE FROM import_block WHERE job_id = ANY(%(ids)s)", {"ids": list(job_ids)})


async def add_rejects(tx: Transaction, rejects: Iterable[LineReject]) -> None:
    """Keep why lines were refused."""
    await copy_rows(tx, "import_reject", _REJECT_COLUMNS, rejects)


async def list_rejects(
    tx: Transaction, job_id: UUID, *, after: tuple[int, int], limit: int
) -> list[LineReject]:
    """Return refusals of a job in the order of its lines.

    Args:
        tx: The open transaction.
        job_id: The job.
        after: Line and position of the last refusal already seen.
        limit: How many to return at most.
    """
    cursor = await tx.execute(
        "SELECT job_id, line, position, field, code FROM import_reject"
        " WHERE job_id = %(job_id)s AND (line, position) > (%(line)s, %(position)s)"
        " ORDER BY line, position LIMIT %(limit)s",
        {"job_id": job_id, "line": after[0], "position": after[1], "limit": limit},
    )
    return [LineReject(**row) for row in await cursor.fetchall()]
