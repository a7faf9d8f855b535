"""One SMPP connection: its bind, its requests, and the answers that are due at once."""

import asyncio
from collections.abc import Callable

from typing_extensions import override

from simulators.sms_centre.centre import Centre
from simulators.sms_centre.faults import SmsFault
from simulators.sms_centre.pdu import (
    RESPONSE_BIT,
    BrokenFramingError,
    Command,
    MalformedBodyError,
    Pdu,
    Status,
    message_id_body,
    read_bind,
    read_submit,
    take_pdus,
)

SESSIONS_MAX = 64
BIND_SECONDS = 10.0
UNSENT_BYTES_MAX = 4 * 1024 * 1024
CENTRE_ID = "SANAD-SMSC"

_BINDS = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
_SENDING = frozenset({Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
_RECEIVING = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER})


class Session(asyncio.Protocol):
    """Reads PDUs and answers them; submissions are answered by the centre once they are kept."""

    def __init__(self, centre: Centre, sessions: set["Session"]) -> None:
        """Join `sessions` as long as the connection lasts."""
        self._centre = centre
        self._sessions = sessions
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._bound_by: int | None = None
        self._bind_timer: asyncio.TimerHandle | None = None
        self._answers: dict[int, Callable[[Pdu], Pdu | None]] = {
            Command.SUBMIT_SM: self._submit,
            Command.DELIVER_SM_RESP: self._deliver_answered,
            Command.ENQUIRE_LINK: self._enquire,
            Command.UNBIND: self._unbind,
            Command.GENERIC_NACK: self._pass_over,
            Command.ENQUIRE_LINK_RESP: self._pass_over,
            Command.UNBIND_RESP: self._pass_over,
            **dict.fromkeys(_BINDS, self._bind),
        }

    def write(self, octets: bytes) -> None:
        """Send octets; a client that reads too slowly is cut off instead."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(octets)
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            transport.abort()

    def cut(self) -> None:
        """Close the connection at once, without a word."""
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            message = "SMPP needs a stream."
            raise TypeError(message)
        self._transport = transport
        if len(self._sessions) >= SESSIONS_MAX:
            transport.abort()
            return
        self._sessions.add(self)
        self._bind_timer = asyncio.get_running_loop().call_later(BIND_SECONDS, self.cut)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._sessions.discard(self)
        if self._bind_timer is not None:
            self._bind_timer.cancel()
        if self._bound_by in _RECEIVING:
            self._centre.receipts.lost(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            pdus = take_pdus(self._buffer)
        except BrokenFramingError:
            self.write(Pdu(Command.GENERIC_NACK, Status.RINVCMDLEN, 0).encode())
            if self._transport is not None:
                self._transport.close()
            return
        answers = [self._answer(pdu) for pdu in pdus]
        self.write(b"".join(answer.encode() for answer in answers if answer is not None))
        if pdus and self._bound_by in _RECEIVING:
            self._centre.receipts.send_due()

    def _answer(self, pdu: Pdu) -> Pdu | None:
        answer = self._answers.get(pdu.command)
        if answer is None:
            return Pdu(Command.GENERIC_NACK, Status.RINVCMDID, pdu.sequence)
        try:
            return answer(pdu)
        except MalformedBodyError:
            return _refusal(pdu, Status.RINVPARLEN)

    def _bind(self, pdu: Pdu) -> Pdu:
        if self._bound_by is not None:
            return _refusal(pdu, Status.RALYBND)
        status = self._centre.bind_status(read_bind(pdu.body))
        if status is not Status.ROK:
            return _refusal(pdu, status)
        self._bound_by = pdu.command
        if self._bind_timer is not None:
            self._bind_timer.cancel()
        if pdu.command in _RECEIVING:
            # Later, so that the client has the answer to its bind before the first receipt.
            asyncio.get_running_loop().call_soon(self._centre.receipts.bound, self)
        response = pdu.command | RESPONSE_BIT
        return Pdu(response, Status.ROK, pdu.sequence, message_id_body(CENTRE_ID))

    def _submit(self, pdu: Pdu) -> Pdu | None:
        if self._bound_by not in _SENDING:
            return _refusal(pdu, Status.RINVBNDSTS)
        status = self._centre.submit(self, read_submit(pdu.body), sequence=pdu.sequence)
        return None if status is Status.ROK else _refusal(pdu, status)

    def _deliver_answered(self, pdu: Pdu) -> None:
        accepted = pdu.status == Status.ROK
        self._centre.receipts.answered(self, pdu.sequence, accepted=accepted)

    def _enquire(self, pdu: Pdu) -> Pdu | None:
        if self._centre.faults.strikes(SmsFault.IGNORE_ENQUIRY):
            return None
        return Pdu(Command.ENQUIRE_LINK_RESP, Status.ROK, pdu.sequence)

    def _unbind(self, pdu: Pdu) -> None:
        self.write(Pdu(Command.UNBIND_RESP, Status.ROK, pdu.sequence).encode())
        if self._transport is not None:
            self._transport.close()

    def _pass_over(self, _: Pdu) -> None:
        """Ignore an answer that changes nothing here."""


def _refusal(pdu: Pdu, status: Status) -> Pdu:
    return Pdu(pdu.command | RESPONSE_BIT, status, pdu.sequence)
