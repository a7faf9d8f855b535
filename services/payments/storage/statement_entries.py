"""What camt.054 notifications said, and what it settles or gives back, in bulk.

An entry matches an attempt on the exact end-to-end id and the exact amount, or not at all. Matching
looks at every entry of the ids concerned, so that reports may come in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from services.payments.domain.bank_answers import CreditNotification, EntryLine
from shared.storage.database import Transaction

EXACT = "end-to-end-id-and-amount"

_INSERT = """
INSERT INTO statement_entry (report_id, line_no, region_code, statement_id, entry_ref, detail_no,
                             end_to_end_id, amount_centimes, currency, direction, booked_on, reason)
SELECT %(report_id)s, line.line_no, a.region_code, %(statement_id)s, line.entry_ref,
       line.detail_no, line.end_to_end_id, line.amount_centimes, line.currency, line.direction,
       line.booked_on, line.reason
  FROM jsonb_to_recordset(%(lines)s) AS line(
       line_no integer, entry_ref text, detail_no integer, end_to_end_id text,
       amount_centimes bigint, currency text, direction text, booked_on date, reason text)
  LEFT JOIN payment_attempt a USING (end_to_end_id)
    ON CONFLICT DO NOTHING
"""

_LOCK_FILES = """
SELECT transmission_id FROM transmission
 WHERE transmission_id IN (
       SELECT a.transmission_id FROM payment_attempt a JOIN statement_entry e USING (end_to_end_id)
        WHERE e.report_id = %(report_id)s)
 ORDER BY transmission_id FOR UPDATE
"""

_MATCH = """
INSERT INTO recon_match (report_id, line_no, region_code, end_to_end_id, direction, rule,
                         matched_at)
SELECT DISTINCT ON (e.end_to_end_id) e.report_id, e.line_no, a.region_code, e.end_to_end_id,
       e.direction, %(rule)s, %(at)s
  FROM statement_entry e
  JOIN payment_attempt a ON a.end_to_end_id = e.end_to_end_id
                        AND a.amount_centimes = e.amount_centimes
 WHERE e.end_to_end_id IN (SELECT end_to_end_id FROM statement_entry
                            WHERE report_id = %(report_id)s)
   AND e.direction = %(direction)s AND e.currency = 'MAD' AND a.state = ANY(%(before)s)
 ORDER BY e.end_to_end_id, e.report_id, e.line_no
    ON CONFLICT DO NOTHING
RETURNING report_id, line_no, end_to_end_id
"""

_STEP = """
UPDATE payment_attempt a
   SET state = %(after)s, changed_at = %(at)s, bank_reason = e.reason
  FROM recon_match m JOIN statement_entry e USING (report_id, line_no)
 WHERE m.end_to_end_id = ANY(%(end_to_end_ids)s) AND m.direction = %(direction)s
   AND a.end_to_end_id = m.end_to_end_id AND a.state = ANY(%(before)s)
RETURNING a.instruction_id, a.end_to_end_id, a.amount_centimes, a.bank_reason
"""

_CLOSE_EXCEPTIONS = """
UPDATE recon_exception x SET closed_at = %(at)s
  FROM recon_match m
 WHERE m.end_to_end_id = ANY(%(end_to_end_ids)s) AND x.source = 'camt.054'
   AND x.source_id = m.report_id AND x.line_no = m.line_no AND x.closed_at IS NULL
"""

_EXCEPTIONS = """
INSERT INTO recon_exception (source, source_id, line_no, kind, region_code, end_to_end_id,
                             opened_at)
SELECT 'camt.054', e.report_id, e.line_no,
       CASE WHEN a.end_to_end_id IS NULL THEN 'UNKNOWN_E2E'
            WHEN a.amount_centimes <> e.amount_centimes OR e.currency <> 'MAD'
            THEN 'AMOUNT_MISMATCH'
            WHEN e.direction = 'CRDT' THEN 'ORPHAN_RETURN'
            WHEN a.state IN ('SETTLED', 'RETURNED') THEN 'DUPLICATE_CREDIT'
            ELSE 'LATE_CREDIT' END,
       e.region_code, e.end_to_end_id, %(at)s
  FROM statement_entry e
  LEFT JOIN payment_attempt a USING (end_to_end_id)
 WHERE e.report_id = %(report_id)s
   AND NOT EXISTS (SELECT FROM recon_match m
                    WHERE m.report_id = e.report_id AND m.line_no = e.line_no)
    ON CONFLICT DO NOTHING
"""


# dataclasses.asdict copies deeply, which costs more than writing the rows.
_LINE_FIELDS = tuple(field.name for field in fields(EntryLine))


@dataclass(frozen=True, slots=True)
class Matching:
    """Which entries move which attempts, and where to."""

    direction: str
    before: Sequence[str]
    after: str


@dataclass(frozen=True, slots=True)
class MatchedAttempt:
    """An attempt that an entry proves settled or given back, in centimes."""

    instruction_id: UUID
    end_to_end_id: str
    amount_centimes: int
    bank_reason: str | None


async def add_entries(tx: Transaction, report_id: str, notification: CreditNotification) -> None:
    """Keep the entries of a notification as evidence, and hold the files they are about."""
    lines = [
        {
            **{name: getattr(line, name) for name in _LINE_FIELDS},
            "booked_on": line.booked_on.isoformat() if line.booked_on else None,
        }
        for line in notification.lines
    ]
    await tx.execute(
        _INSERT,
        {
            "report_id": report_id,
            "statement_id": notification.statement_id,
            "lines": Jsonb(lines),
        },
    )
    await tx.execute(_LOCK_FILES, {"report_id": report_id})


async def match_entries(
    tx: Transaction, report_id: str, matching: Matching, *, at: datetime
) -> list[MatchedAttempt]:
    """Match entries of the ids in a report, move their attempts, and return those that moved."""
    parameters = {
        "report_id": report_id,
        "direction": matching.direction,
        "before": list(matching.before),
        "after": matching.after,
        "rule": EXACT,
        "at": at,
    }
    cursor = await tx.execute(_MATCH, parameters)
    matched = [row["end_to_end_id"] for row in await cursor.fetchall()]
    if not matched:
        return []
    moved = await tx.execute(_STEP, {**parameters, "end_to_end_ids": matched})
    attempts = [MatchedAttempt(**row) for row in await moved.fetchall()]
    await tx.execute(_CLOSE_EXCEPTIONS, {"end_to_end_ids": matched, "at": at})
    return attempts


async def open_entry_exceptions(tx: Transaction, report_id: str, *, at: datetime) -> int:
    """Open an exception for every entry of a report that matched nothing."""
    cursor = await tx.execute(_EXCEPTIONS, {"report_id": report_id, "at": at})
    return cursor.rowcount
