"""A client of the SMS centre, made of `struct` and a socket: it shares no code with the centre."""

import socket
import struct
from dataclasses import dataclass, field
from typing import Any

TRANSMITTER, RECEIVER, TRANSCEIVER = 0x02, 0x01, 0x09
SUBMIT, SUBMIT_RESP, DELIVER, DELIVER_RESP = 0x04, 0x80000004, 0x05, 0x80000005
ENQUIRE, ENQUIRE_RESP, UNBIND, UNBIND_RESP = 0x15, 0x80000015, 0x06, 0x80000006
NACK = 0x80000000

SYSTEM_ID = "sanad"
PASSWORD = "secret-1"
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """One PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def message_id(self) -> str:
        """The id in a submit_sm_resp."""
        return self.body.rstrip(b"\0").decode()

    @property
    def receipt(self) -> dict[str, str]:
        """The fields of a receipt's text that are single words."""
        text = self.body[self.body.index(b"id:") :].split(b"text:")[0].decode()
        return dict(word.split(":", 1) for word in text.split() if ":" in word)


@dataclass(slots=True)
class Esme:
    """A connection; PDUs that were not asked for yet wait in `unread`."""

    connection: socket.socket
    sequence: int = 0
    unread: list[Frame] = field(default_factory=list)

    @classmethod
    def connected(cls, port: int) -> "Esme":
        return cls(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))

    @classmethod
    def bound(cls, port: int, kind: int = TRANSCEIVER) -> "Esme":
        esme = cls.connected(port)
        assert esme.bind(kind).status == 0
        return esme

    def close(self) -> None:
        self.connection.close()

    def send(self, command: int, body: bytes = b"", *, status: int = 0, sequence: int = 0) -> int:
        if not sequence:
            self.sequence += 1
            sequence = self.sequence
        header = struct.pack(">IIII", 16 + len(body), command, status, sequence)
        self.connection.sendall(header + body)
        return sequence

    def receive(self) -> Frame:
        """Return the next PDU; ConnectionError when the centre has hung up."""
        length, command, status, sequence = struct.unpack(">IIII", self._exactly(16))
        return Frame(command, status, sequence, self._exactly(length - 16))

    def next(self, command: int) -> Frame:
        """Return the next PDU with this command, leaving others for later."""
        for frame in self.unread:
            if frame.command == command:
                self.unread.remove(frame)
                return frame
        while (frame := self.receive()).command != command:
            self.unread.append(frame)
        return frame

    def bind(self, kind: int, system_id: str = SYSTEM_ID, password: str = PASSWORD) -> Frame:
        body = f"{system_id}\0{password}\0\0".encode() + b"\x34\0\0\0"
        self.send(kind, body)
        return self.next(kind | 0x80000000)

    def submit(self, short_message: bytes = b"hello", **fields: Any) -> Frame:  # noqa: ANN401
        """Submit with the fields of `submit_body`, and wait for the answer."""
        self.send(SUBMIT, submit_body(short_message, **fields))
        return self.next(SUBMIT_RESP)

    def acknowledged_receipt(self, status: int = 0) -> Frame:
        return self.acknowledge(self.next(DELIVER), status=status)

    def acknowledge(self, frame: Frame, status: int = 0) -> Frame:
        self.send(DELIVER_RESP, b"\0", status=status, sequence=frame.sequence)
        return frame

    def _exactly(self, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            piece = self.connection.recv(count - len(octets))
            if not piece:
                raise ConnectionError
            octets += piece
        return octets


def submit_body(  # noqa: PLR0913 -- the fields of a submit_sm
    short_message: bytes,
    *,
    destination: str = "212612345678",
    data_coding: int = 0,
    esm_class: int = 0,
    registered_delivery: int = 0,
    validity_period: str = "",
    length: int | None = None,
) -> bytes:
    return b"".join(
        (
            b"\0\x05\0SANAD\0",  # service_type; an alphanumeric source
            b"\x01\x01" + destination.encode() + b"\0",
            bytes([esm_class, 0, 0]),
            b"\0" + validity_period.encode() + b"\0",
            bytes([registered_delivery, 0, data_coding, 0]),
            bytes([len(short_message) if length is None else length]) + short_message,
        )
    )


def concatenated(text: bytes, *, reference: bytes, total: int, number: int) -> bytes:
    """Return user data with a header for an 8-bit or 16-bit reference."""
    kind = 0x00 if len(reference) == 1 else 0x08
    element = bytes([kind, len(reference) + 2]) + reference + bytes([total, number])
    return bytes([len(element)]) + element + text
