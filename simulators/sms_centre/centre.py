"""The centre itself: accepts submissions, keeps them in batches, then answers and owes receipts."""

import asyncio
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from simulators.sms_centre.faults import SmsFault
from simulators.sms_centre.handset_text import (
    Part,
    TooLongError,
    UnreadableMessageError,
    read_part,
)
from simulators.sms_centre.pdu import (
    RESPONSE_BIT,
    Bind,
    Command,
    Pdu,
    Status,
    Submit,
    message_id_body,
)
from simulators.sms_centre.receipts import Receipts, ReceiptTaker
from simulators.sms_centre.truth import Acceptance, AcceptedPart, HandsetTruth, MessageState
from simulators.standalone.clock import BusinessClock, machine_milliseconds
from simulators.standalone.faults import ArmedFaults

RECEIPTS_OWED_MAX = 200_000
SUBMISSIONS_WAITING_MAX = 20_000

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_VALIDITY = re.compile(r"[0-9]{15}[-+R]")
_MESSAGE_TYPE = 0x3C
_WANTS_RECEIPT = 0x03
_ALWAYS, _ON_FAILURE = 1, 2


class Submitter(ReceiptTaker, Protocol):
    """A session bound as transmitter or transceiver."""

    def cut(self) -> None:
        """Close the connection at once."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A submission that is answered once it is kept; `answer` may be empty."""

    submitter: Submitter
    part: AcceptedPart
    answer: bytes
    receipt_first: bool


class Centre:
    """Everything that outlives a session; belongs to one event loop."""

    def __init__(
        self,
        truth: HandsetTruth,
        clock: BusinessClock,
        faults: ArmedFaults,
        *,
        credentials: Bind,
        receipt_delay_ms: int,
    ) -> None:
        """Go on with the receipts that are still owed from an earlier run."""
        self._truth = truth
        self._clock = clock
        self.faults = faults
        self._credentials = credentials
        self._receipt_delay_ms = receipt_delay_ms
        self._next_message_id = truth.next_message_id()
        self._waiting: list[_Waiting] = []
        self._acknowledged: list[int] = []
        self._work = asyncio.Event()
        self.receipts = Receipts(clock, faults, settled=self._settled)
        self.receipts.owe(truth.owed_receipts(limit=RECEIPTS_OWED_MAX))

    def bind_status(self, bind: Bind) -> Status:
        """Decide on a bind; comparing takes the same time whatever was presented."""
        own = self._credentials
        if not hmac.compare_digest(bind.system_id.encode(), own.system_id.encode()):
            return Status.RINVSYSID
        if not hmac.compare_digest(bind.password.encode(), own.password.encode()):
            return Status.RINVPASWD
        if self.faults.strikes(SmsFault.REFUSE_BIND):
            return Status.RBINDFAIL
        return Status.ROK

    def submit(self, submitter: Submitter, submit: Submit, *, sequence: int) -> Status:
        """Accept a submission, to be kept and answered soon, or say why not.

        With `Status.ROK` the answer comes later, from here; with any other from the caller.
        """
        if self.faults.strikes(SmsFault.CLOSE_CONNECTION):
            submitter.cut()
            return Status.ROK
        refusal = self._busy() or _objection(submit)
        if refusal:
            return refusal
        try:
            part = read_part(
                submit.short_message, esm_class=submit.esm_class, data_coding=submit.data_coding
            )
        except TooLongError:
            return Status.RINVMSGLEN
        except UnreadableMessageError:
            return Status.RSUBMITFAIL
        self._waiting.append(self._accept(submitter, submit, part, sequence=sequence))
        self._work.set()
        return Status.ROK

    async def keep_books(self, stop: asyncio.Event) -> None:
        """Keep what came in, as much as has gathered at a time, until told to stop.

        Answers go out after the commit only, so that an answered submission survives a kill.
        """
        while not stop.is_set():
            await self._work.wait()
            self._work.clear()
            kept, self._waiting = self._waiting, []
            acknowledged, self._acknowledged = self._acknowledged, []
            parts = [waiting.part for waiting in kept]
            await asyncio.to_thread(self._truth.record, parts, acknowledged=acknowledged)
            self._answer(kept)

    def wake(self) -> None:
        """Let `keep_books` look again whether it is told to stop."""
        self._work.set()

    def _accept(
        self, submitter: Submitter, submit: Submit, part: Part, *, sequence: int
    ) -> _Waiting:
        message_id = self._next_message_id
        self._next_message_id += 1
        lost = self.faults.strikes(SmsFault.UNDELIVERABLE)
        receipt_first = self.faults.strikes(SmsFault.RECEIPT_BEFORE_RESPONSE)
        wanted = submit.registered_delivery & _WANTS_RECEIPT
        delay_ms = 0 if receipt_first else self._receipt_delay_ms
        acceptance = Acceptance(
            message_id=message_id,
            source=submit.source,
            destination=submit.destination,
            accepted_at=self._clock.now().isoformat(),
            state=MessageState.UNDELIVERABLE if lost else MessageState.DELIVERED,
            receipt_due_ms=machine_milliseconds() + delay_ms
            if wanted == _ALWAYS or (wanted == _ON_FAILURE and lost)
            else None,
        )
        reference = part.reference or f"alone {message_id}"
        return _Waiting(
            submitter,
            AcceptedPart(acceptance, reference, part.total, part.number, part.text),
            self._answer_octets(message_id, sequence),
            receipt_first,
        )

    def _answer_octets(self, message_id: int, sequence: int) -> bytes:
        if self.faults.strikes(SmsFault.DROP_RESPONSE):
            return b""
        shown = f"{message_id:X}" if self.faults.strikes(SmsFault.HEX_ID) else str(message_id)
        response = Command.SUBMIT_SM | RESPONSE_BIT
        return Pdu(response, Status.ROK, sequence, message_id_body(shown)).encode()

    def _answer(self, kept: Iterable[_Waiting]) -> None:
        answers: dict[Submitter, bytearray] = {}
        for waiting in kept:
            self.receipts.owe([waiting.part.acceptance])
            if waiting.receipt_first:
                self.receipts.send_due()
            answers.setdefault(waiting.submitter, bytearray()).extend(waiting.answer)
        for submitter, octets in answers.items():
            submitter.write(bytes(octets))
        self.receipts.send_due()

    def _busy(self) -> Status | None:
        if self.faults.strikes(SmsFault.THROTTLE):
            return Status.RTHROTTLED
        full = len(self._waiting) >= SUBMISSIONS_WAITING_MAX
        if full or len(self.receipts) >= RECEIPTS_OWED_MAX:
            return Status.RMSGQFUL
        return Status.RMSGQFUL if self.faults.strikes(SmsFault.QUEUE_FULL) else None

    def _settled(self, message_id: int) -> None:
        self._acknowledged.append(message_id)
        self._work.set()


def _objection(submit: Submit) -> Status | None:
    if not _NUMBER.fullmatch(submit.destination):
        return Status.RINVDSTADR
    if submit.validity_period and not _VALIDITY.fullmatch(submit.validity_period):
        return Status.RINVEXPIRY
    if submit.esm_class & _MESSAGE_TYPE:
        return Status.RINVESMCLASS  # only deliver_sm carries receipts
    return None
