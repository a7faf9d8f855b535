"""Cutting a text into SMS parts that every handset can put together again.

Sources: 3GPP TS 23.038 (alphabets), 3GPP TS 23.040, 9.2.3.24.1 (concatenation header).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from services.notifications.domain.gsm_alphabet import ESCAPE, SEPTETS, decode_septets, fits_gsm
from shared.kernel.errors import DomainError, ErrorKind

PARTS_MAX = 12
PART_OCTETS_MAX = 140
HEADER_OCTETS = 6
REFERENCE_MAX = 0xFF
TEXTS_REMEMBERED_MAX = 4096
_SURROGATE_MASK, _HIGH_SURROGATE, _LOW_SURROGATE = 0xFC, 0xD8, 0xDC
_SEPTET_BITS = 7
_OCTET_BITS = 8


class Encoding(StrEnum):
    """The alphabet a whole message is sent in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"

    @property
    def single_units(self) -> int:
        """Return what one unconcatenated part holds: septets, or UTF-16 units."""
        return 160 if self is Encoding.GSM7 else 70

    @property
    def part_units(self) -> int:
        """Return what one part of several holds beside its header."""
        return 153 if self is Encoding.GSM7 else 67

    @property
    def unit_octets(self) -> int:
        """Return how many octets one unit takes in `Part.payload`."""
        return 1 if self is Encoding.GSM7 else 2


class TextTooLongError(DomainError):
    """A text needs more parts than one message may have."""

    code: ClassVar[str] = "notifications.text-too-long"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS: its concatenation header (empty when alone) and its characters.

    `payload` holds GSM characters unpacked, one septet an octet, as SMPP carries them, or
    UTF-16 big-endian units.
    """

    sequence: int
    encoding: Encoding
    header: bytes
    payload: bytes

    @property
    def octets_on_air(self) -> int:
        """Return the octets of user data that the radio carries, septets packed."""
        if self.encoding is Encoding.UCS2:
            return len(self.header) + len(self.payload)
        header_septets = -(-len(self.header) * _OCTET_BITS // _SEPTET_BITS)
        return -(-(header_septets + len(self.payload)) * _SEPTET_BITS // _OCTET_BITS)

    @property
    def text(self) -> str:
        """Return the characters of this part."""
        if self.encoding is Encoding.GSM7:
            return decode_septets(self.payload)
        return self.payload.decode("utf-16-be")


def encoding_of(text: str) -> Encoding:
    """Return the cheapest alphabet that holds all of `text`."""
    return Encoding.GSM7 if fits_gsm(text) else Encoding.UCS2


def segment(text: str, *, reference: int) -> tuple[Part, ...]:
    """Cut `text` into parts of at most 140 octets, header included.

    No part ends inside an escape pair, a surrogate pair, or between a character and the marks
    that combine with it (unless the marks alone overfill a part).

    Args:
        text: Well-formed Unicode, already transformed; not empty.
        reference: 0 to 255, equal for the parts of one message and different for messages that
            reach one handset at the same time.

    Raises:
        TextTooLongError: More than `PARTS_MAX` parts would be needed.
    """
    encoding, payloads = _cut(text)
    if len(payloads) == 1:
        return (Part(sequence=1, encoding=encoding, header=b"", payload=payloads[0]),)
    return tuple(
        Part(
            sequence=sequence,
            encoding=encoding,
            header=bytes((5, 0, 3, reference & REFERENCE_MAX, len(payloads), sequence)),
            payload=payload,
        )
        for sequence, payload in enumerate(payloads, start=1)
    )


def parts_count(text: str) -> int:
    """Return how many parts `segment` cuts `text` into.

    Raises:
        TextTooLongError: More than `PARTS_MAX`.
    """
    return len(_cut(text)[1])


@lru_cache(maxsize=TEXTS_REMEMBERED_MAX)
def _cut(text: str) -> tuple[Encoding, tuple[bytes, ...]]:
    """Return the alphabet and the payloads of a text: many households are told the same one."""
    encoding = encoding_of(text)
    octets = _octets(text, encoding)
    if len(octets) <= encoding.single_units * encoding.unit_octets:
        return encoding, (octets,)
    payloads = _payloads(octets, encoding)
    if len(payloads) > PARTS_MAX:
        message = f"The text needs {len(payloads)} SMS parts; {PARTS_MAX} are the most."
        raise TextTooLongError(message)
    return encoding, tuple(payloads)


def _octets(text: str, encoding: Encoding) -> bytes:
    if encoding is Encoding.GSM7:
        return b"".join([SEPTETS[character] for character in text])
    return text.encode("utf-16-be")


def _payloads(octets: bytes, encoding: Encoding) -> list[bytes]:
    """Cut at the last place of each part where nothing is torn."""
    octets_max = encoding.part_units * encoding.unit_octets
    tears = _tears_escape if encoding is Encoding.GSM7 else _tears_character
    payloads = []
    start = 0
    while len(octets) - start > octets_max:
        full = start + octets_max
        places = range(full, start, -encoding.unit_octets)
        cut = next((place for place in places if not tears(octets, place)), None)
        if cut is None:  # marks without end: they are torn from their letter, but no unit is
            cut = full - 2 if _tears_surrogates(octets, full) else full
        payloads.append(octets[start:cut])
        start = cut
    payloads.append(octets[start:])
    return payloads


def _tears_escape(septets: bytes, place: int) -> bool:
    return septets[place - 1] == ESCAPE


def _tears_surrogates(octets: bytes, place: int) -> bool:
    return octets[place] & _SURROGATE_MASK == _LOW_SURROGATE


def _tears_character(octets: bytes, place: int) -> bool:
    if _tears_surrogates(octets, place):
        return True
    is_pair = octets[place] & _SURROGATE_MASK == _HIGH_SURROGATE
    character = octets[place : place + (4 if is_pair else 2)].decode("utf-16-be")
    return unicodedata.category(character).startswith("M")
