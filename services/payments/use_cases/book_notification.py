"""Booking a camt.054: what was really paid, and what came back."""

from collections.abc import Sequence

from services.payments.domain.bank_answers import CreditNotification
from services.payments.domain.ledger import RETURNED, SETTLED
from services.payments.domain.life_cycles import IN_TRANSIT
from services.payments.domain.reasons import public_reason
from services.payments.events.published import InstructionChanged
from services.payments.storage.instructions import InstructionStep, step_instructions
from services.payments.storage.ledger import post_attempts
from services.payments.storage.statement_entries import (
    MatchedAttempt,
    Matching,
    add_entries,
    match_entries,
    open_entry_exceptions,
)
from services.payments.use_cases.announce import announce
from services.payments.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction

PAYMENTS = Matching(direction="DBIT", before=IN_TRANSIT, after="SETTLED")
RETURNS = Matching(direction="CRDT", before=("SETTLED",), after="RETURNED")


async def book_notification(
    using: Collaborators, tx: Transaction, report_id: str, notification: CreditNotification
) -> None:
    """Settle the attempts that entries prove paid, take back those given back, and tell others.

    An entry that names no attempt of ours, another amount, or a second payment, opens an exception
    and moves nothing.
    """
    now, today = using.clock.now(), using.clock.today()
    await add_entries(tx, report_id, notification)
    paid = await match_entries(tx, report_id, PAYMENTS, at=now)
    news = await step_instructions(
        tx,
        [attempt.instruction_id for attempt in paid],
        InstructionStep(before="IN_FLIGHT", after="PAID", at=now),
    )
    await post_attempts(tx, SETTLED, _ids(paid), on=today)
    returned = await match_entries(tx, report_id, RETURNS, at=now)
    news += await step_instructions(
        tx,
        [attempt.instruction_id for attempt in returned],
        InstructionStep(before="PAID", after="ACTION_NEEDED", at=now),
        reasons=[public_reason(attempt.bank_reason) for attempt in returned],
    )
    await post_attempts(tx, RETURNED, _ids(returned), on=today)
    exceptions = await open_entry_exceptions(tx, report_id, at=now)
    await announce(tx, news, at=now)
    _count(using, news, exceptions=exceptions)


def _ids(attempts: Sequence[MatchedAttempt]) -> list[str]:
    return [attempt.end_to_end_id for attempt in attempts]


def _count(using: Collaborators, news: Sequence[InstructionChanged], *, exceptions: int) -> None:
    centimes = using.metrics.counter(
        "sanad_payments_booked_centimes_total", "Centimes booked, by where it left.", ("state",)
    )
    for item in news:
        centimes.labels(item.state).inc(item.net_centimes)
    opened = using.metrics.counter(
        "sanad_payments_exceptions_total", "Entries of the bank that matched nothing."
    )
    opened.inc(exceptions)
