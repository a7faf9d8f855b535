"""Reports taken from the bank, how far that has come, and what a person must look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.storage.database import Transaction

_ADVANCE = """
INSERT INTO bank_cursor (channel, after_seq, fence) VALUES (%(channel)s, %(seq)s, %(fence)s)
    ON CONFLICT (channel) DO UPDATE
   SET after_seq = greatest(bank_cursor.after_seq, excluded.after_seq), fence = excluded.fence
 WHERE bank_cursor.fence <= excluded.fence
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One report as it was taken; `entries` is what could be read of it."""

    report_id: str
    kind: str
    sha256: bytes
    size_bytes: int
    entries: int
    readable: bool


async def cursor_position(tx: Transaction, channel: str) -> int:
    """Return the sequence number up to which a channel's reports are booked."""
    cursor = await tx.execute("SELECT after_seq FROM bank_cursor WHERE channel = %s", (channel,))
    row = await cursor.fetchone()
    return 0 if row is None else int(row["after_seq"])


async def advance_cursor(tx: Transaction, channel: str, *, seq: int, fence: int) -> bool:
    """Note that a report is booked; False if a later owner of the lease has written already."""
    cursor = await tx.execute(_ADVANCE, {"channel": channel, "seq": seq, "fence": fence})
    return cursor.rowcount == 1


async def add_report(tx: Transaction, report: Report, *, at: datetime) -> bool:
    """Keep a report, and return False if its id or its very bytes were booked before."""
    cursor = await tx.execute(
        "INSERT INTO bank_report (report_id, kind, sha256, size_bytes, entries, readable,"
        " recorded_at) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            report.report_id,
            report.kind,
            report.sha256,
            report.size_bytes,
            report.entries,
            report.readable,
            at,
        ),
    )
    return cursor.rowcount == 1


async def open_exceptions(
    tx: Transaction,
    kind: str,
    *,
    source: str,
    source_id: str,
    line_numbers: Sequence[int],
    at: datetime,
) -> None:
    """Open an exception of a kind for lines of a source; 0 stands for the whole."""
    await tx.execute(
        "INSERT INTO recon_exception (source, source_id, line_no, kind, opened_at)"
        " SELECT %(source)s, %(source_id)s, line_no, %(kind)s, %(at)s"
        " FROM unnest(%(line_numbers)s::integer[]) AS line_no ON CONFLICT DO NOTHING",
        {
            "kind": kind,
            "source": source,
            "source_id": source_id,
            "line_numbers": list(line_numbers),
            "at": at,
        },
    )
