"""Booking a pain.002: what the bank took on, and what it refused."""

from collections.abc import Sequence

from services.payments.domain.bank_answers import ACCEPTING, REJECTING, StatusLine, StatusReport
from services.payments.domain.ledger import REJECTED
from services.payments.domain.reasons import public_reason
from services.payments.storage.bank_statuses import (
    accept_attempts,
    add_statuses,
    attempts_of_file,
    lock_file,
    open_status_exceptions,
    reject_attempts,
)
from services.payments.storage.instructions import InstructionStep, step_instructions
from services.payments.storage.ledger import post_attempts
from services.payments.storage.reports import open_exceptions
from services.payments.storage.transmissions import step_attempts_of, step_transmission
from services.payments.use_cases.announce import announce
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction

SOURCE = "pain.002"


async def book_status(
    using: Collaborators, tx: Transaction, report_id: str, report: StatusReport
) -> None:
    """Move the attempts that a report is about, and open exceptions for what it contradicts.

    A report about a file proves that the bank has it, whatever became of our connection. What a
    partial report leaves out stays as it is: silence is no acceptance.
    """
    now = using.clock.now()
    file_id = await lock_file(tx, report.msg_id)
    await add_statuses(tx, report_id, msg_id=report.msg_id, lines=report.lines)
    if file_id is None:
        await open_exceptions(
            tx, "UNKNOWN_FILE", source=SOURCE, source_id=report_id, line_numbers=[0], at=now
        )
        return
    await step_transmission(
        tx, file_id, before=["SENDING", "UNKNOWN", "REFUSED"], after="RECEIVED", at=now
    )
    lines = _lines_by_transfer(report.lines, await attempts_of_file(tx, file_id))
    accepted = [line.end_to_end_id for line in lines if line.status in ACCEPTING]
    await accept_attempts(tx, file_id, [name for name in accepted if name is not None], at=now)
    rejections = {
        line.end_to_end_id: line.reason
        for line in lines
        if line.status == REJECTING and line.end_to_end_id is not None
    }
    rejected = await reject_attempts(tx, file_id, rejections, at=now)
    changed = await step_instructions(
        tx,
        [attempt.instruction_id for attempt in rejected],
        InstructionStep(before="IN_FLIGHT", after="ACTION_NEEDED", at=now),
        reasons=[public_reason(attempt.bank_reason) for attempt in rejected],
    )
    ids = [attempt.end_to_end_id for attempt in rejected]
    await post_attempts(tx, REJECTED, ids, on=using.clock.today())
    await step_attempts_of(tx, file_id, before=["SUBMITTING", "UNKNOWN"], after="SUBMITTED", at=now)
    await open_status_exceptions(tx, report_id, transmission_id=file_id, at=now)
    await announce(tx, changed, at=now)


def _lines_by_transfer(
    lines: Sequence[StatusLine], end_to_end_ids: Sequence[str]
) -> list[StatusLine]:
    """Return a line for each transfer that the report speaks of.

    A refusal of the whole file is one of each transfer; so is an acceptance that names none.
    """
    named = [line for line in lines if line.line_no > 0]
    group = next((line for line in lines if line.line_no == 0), None)
    if named or group is None or group.status not in {REJECTING, *ACCEPTING}:
        return named
    return [
        StatusLine(line_no=0, end_to_end_id=name, status=group.status, reason=group.reason)
        for name in end_to_end_ids
    ]
