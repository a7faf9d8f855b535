"""What pain.002 reports said, and what it does to attempts, in bulk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from services.payments.domain.bank_answers import StatusLine
from shared.storage.database import Transaction

_LOCK_FILE = """
SELECT transmission_id, state FROM transmission WHERE msg_id = %(msg_id)s FOR UPDATE
"""

_INSERT = """
INSERT INTO bank_status (report_id, line_no, region_code, msg_id, end_to_end_id, status, reason)
SELECT %(report_id)s, line.line_no, a.region_code, %(msg_id)s, line.end_to_end_id, line.status,
       line.reason
  FROM jsonb_to_recordset(%(lines)s) AS line(
       line_no integer, end_to_end_id text, status text, reason text)
  LEFT JOIN payment_attempt a USING (end_to_end_id)
"""

_ATTEMPTS_OF_FILE = """
SELECT end_to_end_id FROM payment_attempt WHERE transmission_id = %(transmission_id)s
"""

_ACCEPT = """
UPDATE payment_attempt SET state = 'ACCEPTED', changed_at = %(at)s
 WHERE end_to_end_id = ANY(%(end_to_end_ids)s) AND transmission_id = %(transmission_id)s
   AND state IN ('SUBMITTING', 'SUBMITTED', 'UNKNOWN')
"""

_REJECT = """
UPDATE payment_attempt a
   SET state = 'REJECTED', changed_at = %(at)s, bank_reason = wanted.reason
  FROM unnest(%(end_to_end_ids)s::text[], %(reasons)s::text[]) AS wanted(end_to_end_id, reason)
 WHERE a.end_to_end_id = wanted.end_to_end_id AND a.transmission_id = %(transmission_id)s
   AND a.state IN ('SUBMITTING', 'SUBMITTED', 'UNKNOWN', 'ACCEPTED')
RETURNING a.instruction_id, a.end_to_end_id, a.bank_reason
"""

_EXCEPTIONS = """
INSERT INTO recon_exception (source, source_id, line_no, kind, region_code, end_to_end_id,
                             opened_at)
SELECT 'pain.002', s.report_id, s.line_no,
       CASE WHEN a.end_to_end_id IS NULL THEN 'UNKNOWN_E2E' ELSE 'CONTRADICTION' END,
       s.region_code, s.end_to_end_id, %(at)s
  FROM bank_status s
  LEFT JOIN payment_attempt a ON a.end_to_end_id = s.end_to_end_id
                             AND a.transmission_id = %(transmission_id)s
 WHERE s.report_id = %(report_id)s AND s.line_no > 0
   AND (a.end_to_end_id IS NULL
        OR s.status = 'RJCT' AND a.state IN ('SETTLED', 'RETURNED'))
    ON CONFLICT DO NOTHING
"""


# dataclasses.asdict copies deeply, which costs more than writing the rows.
_LINE_FIELDS = tuple(field.name for field in fields(StatusLine))


@dataclass(frozen=True, slots=True)
class RejectedAttempt:
    """An attempt that the bank refused, and the ISO reason it gave, if any."""

    instruction_id: UUID
    end_to_end_id: str
    bank_reason: str | None


async def lock_file(tx: Transaction, msg_id: str) -> UUID | None:
    """Hold the file that a report is about, so that its sender waits; None if it is not ours."""
    cursor = await tx.execute(_LOCK_FILE, {"msg_id": msg_id})
    row = await cursor.fetchone()
    return None if row is None else row["transmission_id"]


async def add_statuses(
    tx: Transaction, report_id: str, *, msg_id: str, lines: Sequence[StatusLine]
) -> None:
    """Keep the lines of a report as evidence."""
    items = Jsonb([{name: getattr(line, name) for name in _LINE_FIELDS} for line in lines])
    await tx.execute(_INSERT, {"report_id": report_id, "msg_id": msg_id, "lines": items})


async def attempts_of_file(tx: Transaction, transmission_id: UUID) -> list[str]:
    """Return the end-to-end ids of a file."""
    cursor = await tx.execute(_ATTEMPTS_OF_FILE, {"transmission_id": transmission_id})
    return [row["end_to_end_id"] for row in await cursor.fetchall()]


async def accept_attempts(
    tx: Transaction, transmission_id: UUID, end_to_end_ids: Sequence[str], *, at: datetime
) -> int:
    """Move attempts of a file that were on their way to accepted."""
    cursor = await tx.execute(
        _ACCEPT,
        {"transmission_id": transmission_id, "end_to_end_ids": list(end_to_end_ids), "at": at},
    )
    return cursor.rowcount


async def reject_attempts(
    tx: Transaction, transmission_id: UUID, reasons: Mapping[str, str | None], *, at: datetime
) -> list[RejectedAttempt]:
    """Move attempts of a file that had not settled to rejected, each with its ISO reason."""
    cursor = await tx.execute(
        _REJECT,
        {
            "transmission_id": transmission_id,
            "end_to_end_ids": list(reasons),
            "reasons": list(reasons.values()),
            "at": at,
        },
    )
    return [RejectedAttempt(**row) for row in await cursor.fetchall()]


async def open_status_exceptions(
    tx: Transaction, report_id: str, *, transmission_id: UUID, at: datetime
) -> int:
    """Open exceptions for lines about no attempt of the file, or against what was settled."""
    cursor = await tx.execute(
        _EXCEPTIONS, {"report_id": report_id, "transmission_id": transmission_id, "at": at}
    )
    return cursor.rowcount
