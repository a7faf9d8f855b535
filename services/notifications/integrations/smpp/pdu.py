"""SMPP 3.4 PDUs as bytes: the eleven that one transceiver bind needs.

Source: SMPP Protocol Specification v3.4, issue 1.2, sections 3.2, 4 and 5.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">IIII")
PDU_OCTETS_MAX = 64 * 1024
SHORT_MESSAGE_OCTETS_MAX = 254
ESM_HEADER_INDICATOR = 0x40
ESM_RECEIPT = 0x04
CODING_DEFAULT = 0x00
CODING_UCS2 = 0x08
INTERFACE_VERSION = 0x34
TAG_RECEIPTED_MESSAGE_ID = 0x001E
TAG_MESSAGE_STATE = 0x0427
TAG_MESSAGE_PAYLOAD = 0x0424
_RESPONSE_BIT = 0x80000000
_TLV = struct.Struct(">HH")


class Command(IntEnum):
    """Command ids (5.1.2.1)."""

    GENERIC_NACK = 0x80000000
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015


class MalformedPduError(Exception):
    """Bytes that are no PDU; the message repeats none of them."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU: its header fields and its body, undecoded."""

    command: int
    sequence: int
    status: int = 0
    body: bytes = b""

    @property
    def is_response(self) -> bool:
        """Say whether this answers a request."""
        return bool(self.command & _RESPONSE_BIT)

    def encode(self) -> bytes:
        """Return the PDU as it travels."""
        length = HEADER.size + len(self.body)
        return HEADER.pack(length, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True, slots=True)
class Address:
    """A phone number or sender name with its type of number and numbering plan (5.2.5, 5.2.6)."""

    value: str
    ton: int
    npi: int

    def encode(self) -> bytes:
        """Return type, plan and value."""
        return bytes((self.ton, self.npi)) + c_string(self.value)


@dataclass(frozen=True, slots=True)
class SubmitSm:
    """One message part for one handset (4.4.1).

    `validity` is a relative period `YYMMDDhhmmss000R`, or empty for the centre's own.
    """

    source: Address
    destination: Address
    header: bytes
    payload: bytes
    is_ucs2: bool
    validity: str = ""

    def body(self) -> bytes:
        """Return the PDU's body; a final receipt is asked for.

        Raises:
            MalformedPduError: The text does not fit a `short_message`.
        """
        short_message = self.header + self.payload
        if len(short_message) > SHORT_MESSAGE_OCTETS_MAX:
            message = "A message part is longer than SMPP carries."
            raise MalformedPduError(message)
        esm_class = ESM_HEADER_INDICATOR if self.header else 0
        coding = CODING_UCS2 if self.is_ucs2 else CODING_DEFAULT
        return b"".join(
            (
                c_string(""),  # service_type
                self.source.encode(),
                self.destination.encode(),
                bytes((esm_class, 0, 0)),  # esm_class, protocol_id, priority_flag
                c_string(""),  # schedule_delivery_time
                c_string(self.validity),
                bytes((1, 0, coding, 0)),  # registered_delivery, replace, data_coding, default id
                bytes((len(short_message),)),
                short_message,
            )
        )


@dataclass(frozen=True, slots=True)
class DeliverSm:
    """What the SMS centre hands over: a receipt or a message of a person (4.6.1)."""

    esm_class: int
    coding: int
    short_message: bytes
    tlvs: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def is_receipt(self) -> bool:
        """Say whether this is a delivery receipt (5.2.12)."""
        return bool(self.esm_class & ESM_RECEIPT)

    @classmethod
    def decode(cls, body: bytes) -> "DeliverSm":
        """Read the body of a `deliver_sm`.

        Raises:
            MalformedPduError: A field is missing or longer than the body.
        """
        reader = BodyReader(body)
        reader.c_string()  # service_type
        for _ in range(2):  # source and destination
            reader.octets(2)
            reader.c_string()
        esm_class = reader.octets(3)[0]
        reader.c_string()  # schedule_delivery_time
        reader.c_string()  # validity_period
        coding = reader.octets(4)[2]
        short_message = reader.octets(reader.octets(1)[0])
        tlvs = reader.tlvs()
        return cls(
            esm_class=esm_class,
            coding=coding,
            short_message=short_message or tlvs.get(TAG_MESSAGE_PAYLOAD, b""),
            tlvs=tlvs,
        )


def bind_body(system_id: str, password: str) -> bytes:
    """Return the body of `bind_transceiver` (4.1.5)."""
    return b"".join(
        (
            c_string(system_id),
            c_string(password),
            c_string(""),  # system_type
            bytes((INTERFACE_VERSION, 0, 0)),  # interface_version, addr_ton, addr_npi
            c_string(""),  # address_range
        )
    )


def c_string(value: str) -> bytes:
    """Return `value` as a C-octet string.

    Raises:
        MalformedPduError: It is not ASCII, or holds a NUL.
    """
    if not value.isascii() or "\0" in value:
        message = "An SMPP field holds ASCII without NUL."
        raise MalformedPduError(message)
    return value.encode("ascii") + b"\0"


def message_id(body: bytes) -> str:
    """Return the id in the body of a `submit_sm_resp` (4.4.2), empty when there is none.

    Raises:
        MalformedPduError: It is not terminated or not ASCII.
    """
    return BodyReader(body).c_string() if body else ""


class BodyReader:
    """Reads fields one after the other and never past the end."""

    def __init__(self, body: bytes) -> None:
        """Start at the first octet."""
        self._body = body
        self._position = 0

    def octets(self, count: int) -> bytes:
        """Return the next `count` octets.

        Raises:
            MalformedPduError: There are fewer.
        """
        end = self._position + count
        if end > len(self._body):
            message = "A PDU ends inside a field."
            raise MalformedPduError(message)
        value = self._body[self._position : end]
        self._position = end
        return value

    def c_string(self) -> str:
        """Return the next C-octet string.

        Raises:
            MalformedPduError: It is not terminated, or not ASCII.
        """
        end = self._body.find(b"\0", self._position)
        if end < 0:
            message = "A PDU ends inside a string."
            raise MalformedPduError(message)
        value = self._body[self._position : end]
        self._position = end + 1
        if not value.isascii():
            message = "A string of a PDU is not ASCII."
            raise MalformedPduError(message)
        return value.decode("ascii")

    def tlvs(self) -> dict[int, bytes]:
        """Return the optional parameters that fill the rest (5.3).

        Raises:
            MalformedPduError: One is cut short.
        """
        found = {}
        while self._position < len(self._body):
            tag, length = _TLV.unpack(self.octets(_TLV.size))
            found[tag] = self.octets(length)
        return found
