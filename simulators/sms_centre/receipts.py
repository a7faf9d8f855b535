"""Delivery receipts: owed until acknowledged, sent to whoever is bound to receive them."""

import asyncio
import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Protocol

from simulators.sms_centre.faults import SmsFault
from simulators.sms_centre.pdu import Receipt, receipt_pdu
from simulators.sms_centre.truth import Acceptance, MessageState
from simulators.standalone.clock import CASABLANCA, BusinessClock, machine_milliseconds
from simulators.standalone.faults import ArmedFaults

IN_FLIGHT_MAX = 200
RETRY_MILLISECONDS = 1_000

_STATE_NUMBERS = {MessageState.DELIVERED: 2, MessageState.UNDELIVERABLE: 5}


class ReceiptTaker(Protocol):
    """A session bound as receiver or transceiver."""

    def write(self, octets: bytes) -> None:
        """Send octets, now or as soon as the connection takes them."""
        ...


class Receipts:
    """Which receipts wait, which are on their way, and on which session."""

    def __init__(
        self, clock: BusinessClock, faults: ArmedFaults, *, settled: Callable[[int], None]
    ) -> None:
        """Owe nothing; `settled` is called with the message id of each acknowledged receipt."""
        self._clock = clock
        self._faults = faults
        self._settled = settled
        self._waiting: list[tuple[int, int, Acceptance]] = []
        self._in_flight: dict[ReceiptTaker, dict[int, Acceptance]] = {}
        self._sequences = count(1)
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        on_their_way = sum(len(sent) for sent in self._in_flight.values())
        return len(self._waiting) + on_their_way

    def owe(self, owed: Iterable[Acceptance]) -> None:
        """Send these when they are due; those that want no receipt are passed over."""
        for acceptance in owed:
            if acceptance.receipt_due_ms is not None:
                self._wait_until(acceptance.receipt_due_ms, acceptance)

    def bound(self, taker: ReceiptTaker) -> None:
        """Begin to send to a session, receipts that an earlier one left unanswered included."""
        self._in_flight[taker] = {}
        self.send_due()

    def lost(self, taker: ReceiptTaker) -> None:
        """Take back what a closed session has not acknowledged."""
        for acceptance in self._in_flight.pop(taker, {}).values():
            self._wait_until(0, acceptance)
        self.send_due()

    def answered(self, taker: ReceiptTaker, sequence: int, *, accepted: bool) -> None:
        """Note an answer; a refused receipt is sent again after a while."""
        acceptance = self._in_flight.get(taker, {}).pop(sequence, None)
        if acceptance is None:
            return
        if accepted:
            self._settled(acceptance.message_id)
        else:
            self._wait_until(machine_milliseconds() + RETRY_MILLISECONDS, acceptance)

    def send_due(self) -> None:
        """Send what is due as far as windows allow, and come back when the next is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_ms, now = machine_milliseconds(), self._clock.now()
        for taker, sent in self._in_flight.items():
            octets = bytearray()
            while self._waiting and self._waiting[0][0] <= now_ms and len(sent) < IN_FLIGHT_MAX:
                acceptance = heapq.heappop(self._waiting)[2]
                octets += self._written(acceptance, sent, now)
            if octets:
                taker.write(bytes(octets))
        if self._in_flight and self._waiting and self._waiting[0][0] > now_ms:
            pause = (self._waiting[0][0] - now_ms) / 1000
            self._timer = asyncio.get_running_loop().call_later(pause, self.send_due)

    def _written(self, acceptance: Acceptance, sent: dict[int, Acceptance], now: datetime) -> bytes:
        receipt = receipt_for(acceptance, done_at=now)
        sequence = next(self._sequences)
        sent[sequence] = acceptance
        octets = receipt_pdu(sequence, receipt).encode()
        if self._faults.strikes(SmsFault.DUPLICATE_RECEIPT):
            octets += receipt_pdu(next(self._sequences), receipt).encode()
        return octets

    def _wait_until(self, due_ms: int, acceptance: Acceptance) -> None:
        heapq.heappush(self._waiting, (due_ms, acceptance.message_id, acceptance))


def receipt_for(acceptance: Acceptance, *, done_at: datetime) -> Receipt:
    """Return the receipt of a part, from its handset back to its sender.

    The text follows appendix B of the specification; `text:` stays empty, because receipts travel
    and are logged where letters of a message have no place.
    """
    state = MessageState(acceptance.state)
    delivered = state is MessageState.DELIVERED
    submitted = _minute(datetime.fromisoformat(acceptance.accepted_at))
    text = (
        f"id:{acceptance.message_id} sub:001 dlvrd:{delivered:03d} submit date:{submitted}"
        f" done date:{_minute(done_at)} stat:{state} err:{0 if delivered else 1:03d} text:"
    )
    return Receipt(
        source=acceptance.destination,
        destination=acceptance.source,
        message_id=str(acceptance.message_id),
        message_state=_STATE_NUMBERS[state],
        text=text.encode(),
    )


def _minute(at: datetime) -> str:
    return at.astimezone(CASABLANCA).strftime("%y%m%d%H%M")
