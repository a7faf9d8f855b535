"""Sending a file: keep the intent, call the bank with no transaction open, keep the answer.

After a crash or a timeout only the same bytes follow, under the same message id, which the bank
takes once. Nothing is ever sent under a new end-to-end id here.
"""

import asyncio

import structlog

from services.payments.domain.ledger import SUBMITTED
from services.payments.integrations.bank_channel import FileAnswer
from services.payments.integrations.pain001 import FileDisagreesError
from services.payments.storage.instructions import InstructionStep, step_instructions
from services.payments.storage.ledger import post_attempts
from services.payments.storage.reports import open_exceptions
from services.payments.storage.transmissions import (
    Transmission,
    claim_due,
    credits_of,
    keep_file,
    kept_file,
    park,
    step_attempts_of,
    step_transmission,
)
from services.payments.use_cases.announce import announce
from services.payments.use_cases.collaborators import Bank, Collaborators
from services.payments.use_cases.seal_file import open_file, seal_file, write_file
from shared.storage.database import Transaction
from shared.storage.sealed import UnsealError

log = structlog.get_logger(__name__)

SOURCE = "channel"
UNSENT = ("SENDING", "UNKNOWN")


async def send_next_file(using: Collaborators, bank: Bank) -> bool:
    """Send the file that has been due longest; return False when none is due.

    A file whose bytes are not what was approved is left alone and an exception opened; the others
    go on.
    """
    async with using.database.transaction() as tx:
        transmission = await claim_due(tx, seconds=bank.claim_seconds)
    if transmission is None:
        return False
    try:
        body = await _bytes_to_send(using, bank, transmission)
    except (FileDisagreesError, UnsealError) as error:
        log.error("file-not-as-approved", reason=type(error).__name__)  # noqa: TRY400 -- no rows
        await _park(using, transmission)
        return True
    answer = await bank.channel.put_file(transmission.msg_id, body)
    await _record_answer(using, transmission, answer)
    counter = using.metrics.counter(
        "sanad_payments_files_total", "Files sent to the bank, by its answer.", ("answer",)
    )
    counter.labels(answer.value).inc()
    return True


async def _bytes_to_send(using: Collaborators, bank: Bank, transmission: Transmission) -> bytes:
    """Return the bytes of a file, which are kept together with the intent to send them."""
    file_id = transmission.transmission_id
    async with using.database.transaction() as tx:
        if transmission.state == "PREPARED":
            return await _submit(using, bank, tx, transmission)
        kept = await kept_file(tx, file_id)
    if kept is None:
        message = "A file that was sent before has no kept bytes."
        raise FileDisagreesError(message)
    return await asyncio.to_thread(open_file, using, file_id, kept)


async def _submit(
    using: Collaborators, bank: Bank, tx: Transaction, transmission: Transmission
) -> bytes:
    now, today, file_id = using.clock.now(), using.clock.today(), transmission.transmission_id
    credits_in_order = await credits_of(tx, file_id)
    body = await asyncio.to_thread(
        write_file, using, bank, transmission, credits_in_order, at=now, on=today
    )
    sealed = await asyncio.to_thread(seal_file, using, file_id, body, at=now, on=today)
    await keep_file(tx, transmission, sealed)
    await step_transmission(tx, file_id, before=["PREPARED"], after="SENDING", at=now)
    moved = await step_attempts_of(tx, file_id, before=["SEALED"], after="SUBMITTING", at=now)
    step = InstructionStep(before="APPROVED", after="IN_FLIGHT", at=now)
    changed = await step_instructions(tx, moved, step)
    if not len(moved) == len(changed) == transmission.attempts:
        message = "Not every transfer of a file may be sent."
        raise FileDisagreesError(message)
    ids = [credit.end_to_end_id for credit in credits_in_order]
    await post_attempts(tx, SUBMITTED, ids, on=today)
    await announce(tx, changed, at=now)
    return body


async def _park(using: Collaborators, transmission: Transmission) -> None:
    async with using.database.transaction() as tx:
        await park(tx, transmission.transmission_id)
        await open_exceptions(
            tx,
            "FILE_NOT_AS_APPROVED",
            source=SOURCE,
            source_id=transmission.msg_id,
            line_numbers=[0],
            at=using.clock.now(),
        )


async def _record_answer(
    using: Collaborators, transmission: Transmission, answer: FileAnswer
) -> None:
    """Keep what is known; a report of the bank may have said more in the meantime."""
    now, file_id = using.clock.now(), transmission.transmission_id
    async with using.database.transaction() as tx:
        if answer is FileAnswer.RECEIVED:
            await step_transmission(tx, file_id, before=UNSENT, after="RECEIVED", at=now)
            await step_attempts_of(
                tx, file_id, before=["SUBMITTING", "UNKNOWN"], after="SUBMITTED", at=now
            )
            return
        refused = answer is FileAnswer.REFUSED
        stepped = await step_transmission(
            tx,
            file_id,
            before=UNSENT,
            after="REFUSED" if refused else "UNKNOWN",
            at=now,
        )
        if stepped:
            await step_attempts_of(tx, file_id, before=["SUBMITTING"], after="UNKNOWN", at=now)
        if stepped and refused:
            log.error("bank-refused-file")
            await open_exceptions(
                tx,
                "FILE_REFUSED",
                source=SOURCE,
                source_id=transmission.msg_id,
                line_numbers=[0],
                at=now,
            )
