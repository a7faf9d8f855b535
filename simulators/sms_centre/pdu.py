"""SMPP 3.4 on the wire: the few PDUs an SMS centre needs, read strictly and written exactly.

Source: SMPP Protocol Specification v3.4, issue 1.2, sections 3.2, 4 and 5.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER_BYTES = 16
PDU_BYTES_MAX = 64 * 1024
RESPONSE_BIT = 0x80000000

_HEADER = struct.Struct(">IIII")
_TLV_HEADER = struct.Struct(">HH")


class Command(IntEnum):
    """Command ids of requests; a response has `RESPONSE_BIT` besides."""

    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015
    DELIVER_SM_RESP = 0x80000005
    UNBIND_RESP = 0x80000006
    ENQUIRE_LINK_RESP = 0x80000015


class Status(IntEnum):
    """Command statuses (section 5.1.3)."""

    ROK = 0x00000000
    RINVMSGLEN = 0x00000001
    RINVCMDLEN = 0x00000002
    RINVCMDID = 0x00000003
    RINVBNDSTS = 0x00000004
    RALYBND = 0x00000005
    RINVDSTADR = 0x0000000B
    RBINDFAIL = 0x0000000D
    RINVPASWD = 0x0000000E
    RINVSYSID = 0x0000000F
    RMSGQFUL = 0x00000014
    RINVESMCLASS = 0x00000043
    RSUBMITFAIL = 0x00000045
    RTHROTTLED = 0x00000058
    RINVEXPIRY = 0x00000062
    RINVPARLEN = 0x000000C2


class Tag(IntEnum):
    """Tags of the optional parameters that are read or written here."""

    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class MalformedBodyError(Exception):
    """The body of a PDU ends too early or has a field that is too long."""


class BrokenFramingError(Exception):
    """The stream cannot be cut into PDUs any more; only closing it helps."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU whose body has not been looked at."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        length = HEADER_BYTES + len(self.body)
        return _HEADER.pack(length, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Bind:
    """The fields of a bind that decide whether it is accepted."""

    system_id: str
    password: str


@dataclass(frozen=True, slots=True)
class Submit:
    """The fields of a submit_sm that matter to a handset or to a receipt."""

    source: str
    source_ton: int
    source_npi: int
    destination: str
    destination_ton: int
    destination_npi: int
    esm_class: int
    validity_period: str
    registered_delivery: int
    data_coding: int
    short_message: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The fields of a deliver_sm that tells what became of a message."""

    source: str
    destination: str
    message_id: str
    message_state: int
    text: bytes


def take_pdus(buffer: bytearray) -> list[Pdu]:
    """Cut the whole PDUs off the front of `buffer`, and return them.

    Raises:
        BrokenFramingError: A length is below a header's or above `PDU_BYTES_MAX`.
    """
    pdus: list[Pdu] = []
    start = 0
    while len(buffer) - start >= HEADER_BYTES:
        length, command, status, sequence = _HEADER.unpack_from(buffer, start)
        if not HEADER_BYTES <= length <= PDU_BYTES_MAX:
            raise BrokenFramingError
        if len(buffer) - start < length:
            break
        body = bytes(buffer[start + HEADER_BYTES : start + length])
        pdus.append(Pdu(command, status, sequence, body))
        start += length
    del buffer[:start]
    return pdus


def read_bind(body: bytes) -> Bind:
    """Return who wants to bind.

    Raises:
        MalformedBodyError: A field is missing or too long.
    """
    fields = _Fields(body)
    bind = Bind(system_id=fields.c_string(16), password=fields.c_string(9))
    fields.c_string(13)  # system_type
    fields.octets(3)  # interface_version, addr_ton, addr_npi
    fields.c_string(41)  # address_range
    return bind


def read_submit(body: bytes) -> Submit:
    """Return what is submitted; the text is in short_message or in the message_payload parameter.

    Raises:
        MalformedBodyError: A field is missing or too long.
    """
    fields = _Fields(body)
    fields.c_string(6)  # service_type
    source_ton, source_npi = fields.octets(2)
    source = fields.c_string(21)
    destination_ton, destination_npi = fields.octets(2)
    destination = fields.c_string(21)
    esm_class, _protocol_id, _priority = fields.octets(3)
    fields.c_string(17)  # schedule_delivery_time
    validity_period = fields.c_string(17)
    registered_delivery, _replace, data_coding, _default_message, length = fields.octets(5)
    short_message = fields.octets(length)
    return Submit(
        source=source,
        source_ton=source_ton,
        source_npi=source_npi,
        destination=destination,
        destination_ton=destination_ton,
        destination_npi=destination_npi,
        esm_class=esm_class,
        validity_period=validity_period,
        registered_delivery=registered_delivery,
        data_coding=data_coding,
        short_message=fields.parameters().get(Tag.MESSAGE_PAYLOAD, short_message),
    )


def message_id_body(message_id: str) -> bytes:
    """Return the body of a submit_sm_resp or a bind response: one C-octet string."""
    return message_id.encode() + b"\0"


def receipt_pdu(sequence: int, receipt: Receipt) -> Pdu:
    """Return the deliver_sm that carries a delivery receipt (esm_class 0x04)."""
    body = b"".join(
        (
            b"\0\x01\x01",  # service_type; international number in the telephone numbering plan
            receipt.source.encode() + b"\0",
            b"\0\0",
            receipt.destination.encode() + b"\0",
            b"\x04\0\0\0\0\0\0\0\0",  # esm_class ... sm_default_msg_id
            bytes([len(receipt.text)]),
            receipt.text,
            _parameter(Tag.RECEIPTED_MESSAGE_ID, message_id_body(receipt.message_id)),
            _parameter(Tag.MESSAGE_STATE, bytes([receipt.message_state])),
        )
    )
    return Pdu(Command.DELIVER_SM, Status.ROK, sequence, body)


def _parameter(tag: Tag, value: bytes) -> bytes:
    return _TLV_HEADER.pack(tag, len(value)) + value


class _Fields:
    """Reads the mandatory fields of a body from front to back."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def c_string(self, octets_max: int) -> str:
        end = self._body.find(b"\0", self._at, self._at + octets_max)
        if end < 0:
            raise MalformedBodyError
        text = self._body[self._at : end]
        if not text.isascii():
            raise MalformedBodyError
        self._at = end + 1
        return text.decode()

    def octets(self, count: int) -> bytes:
        taken = self._body[self._at : self._at + count]
        if len(taken) < count:
            raise MalformedBodyError
        self._at += count
        return taken

    def parameters(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self._at < len(self._body):
            tag, length = _TLV_HEADER.unpack(self.octets(_TLV_HEADER.size))
            found[tag] = self.octets(length)
        return found
