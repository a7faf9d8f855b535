"""Booking the bank's reports: in its order, each once, and no line stops the others."""

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256

import structlog

from services.payments.domain.bank_answers import CreditNotification, StatusReport
from services.payments.integrations.bank_channel import ReportNotice
from services.payments.integrations.bank_reports import (
    UnreadableReportError,
    read_credit_notification,
    read_status_report,
)
from services.payments.storage.reports import (
    Report,
    add_report,
    advance_cursor,
    cursor_position,
    open_exceptions,
)
from services.payments.use_cases.book_notification import book_notification
from services.payments.use_cases.book_status import book_status
from services.payments.use_cases.collaborators import Bank, Collaborators
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease

log = structlog.get_logger(__name__)

CHANNEL = "bank"
LEASE = "payments-bank-reports"
LEASE_SECONDS = 60

_READERS: Mapping[str, Callable[[bytes], StatusReport | CreditNotification]] = {
    "pain.002": read_status_report,
    "camt.054": read_credit_notification,
}


class LeaseLostError(Exception):
    """Another worker took over the reports; what was being booked here is rolled back."""


async def book_next_reports(using: Collaborators, bank: Bank) -> bool:
    """Fetch the bank's next reports and book each in a transaction of its own.

    Returns:
        Whether there was any. Only the holder of the lease asks.

    Raises:
        BankAwayError: The bank does not answer; nothing is lost, the cursor stands.
        LeaseLostError: This worker slept past its lease.
    """
    async with using.database.transaction() as tx:
        fence = await acquire_lease(tx, LEASE, owner=bank.worker_id, seconds=LEASE_SECONDS)
        after = await cursor_position(tx, CHANNEL)
    if fence is None:
        return False
    notices = await bank.channel.reports_after(after)
    for notice in notices:
        body = await bank.channel.report(notice.report_id)
        async with using.database.transaction() as tx:
            await book_report(using, tx, notice, body)
            if not await advance_cursor(tx, CHANNEL, seq=notice.seq, fence=fence):
                message = "Another worker books the bank's reports now."
                raise LeaseLostError(message)
    return bool(notices)


async def book_report(
    using: Collaborators, tx: Transaction, notice: ReportNotice, body: bytes | None
) -> None:
    """Book one report; the same report, or the same bytes under another id, changes nothing.

    Args:
        using: The means.
        tx: The transaction of the booking.
        notice: What the bank calls it.
        body: Its bytes; None if there were too many.
    """
    parsed = await _read(notice.kind, body)
    plain = body or b""
    report = Report(
        report_id=notice.report_id,
        kind=notice.kind,
        sha256=sha256(plain or notice.report_id.encode()).digest(),
        size_bytes=len(plain),
        entries=0 if parsed is None else len(parsed.lines),
        readable=parsed is not None,
    )
    now = using.clock.now()
    if not await add_report(tx, report, at=now):
        return
    malformed = [0] if parsed is None else list(parsed.malformed)
    if malformed:
        log.warning("bank-report-malformed", kind=notice.kind, lines=len(malformed))
        await open_exceptions(
            tx,
            "UNREADABLE_REPORT" if parsed is None else "MALFORMED_LINE",
            source=notice.kind,
            source_id=notice.report_id,
            line_numbers=malformed,
            at=now,
        )
    if isinstance(parsed, StatusReport):
        await book_status(using, tx, notice.report_id, parsed)
    elif parsed is not None:
        await book_notification(using, tx, notice.report_id, parsed)


async def _read(kind: str, body: bytes | None) -> StatusReport | CreditNotification | None:
    reader = _READERS.get(kind)
    if reader is None or body is None:
        return None
    try:
        return await asyncio.to_thread(reader, body)
    except UnreadableReportError:
        return None
