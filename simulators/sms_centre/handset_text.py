"""What a handset makes of a short message: its part of a longer text, and its letters.

Source: 3GPP TS 23.038 (alphabets) and TS 23.040, 9.2.3.24 (user data header).
"""

from dataclasses import dataclass, field

USER_DATA_OCTETS_MAX = 140
SEPTETS_MAX = 160

_UDHI = 0x40
_CONCATENATED_8_BIT = 0x00
_CONCATENATED_16_BIT = 0x08
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ESCAPE = 0x1B

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


class UnreadableMessageError(Exception):
    """No handset could show this: a wrong header, an unknown coding, or too many octets."""


class TooLongError(UnreadableMessageError):
    """The user data does not fit into one short message."""


@dataclass(frozen=True, slots=True)
class Part:
    """One short message; a text of its own has number 1 of 1 and no reference."""

    text: str = field(repr=False)
    reference: str | None = None
    total: int = 1
    number: int = 1


def read_part(user_data: bytes, *, esm_class: int, data_coding: int) -> Part:
    """Return the text in one short message, and its place in a longer one.

    A pair of UTF-16 units that was cut between two parts shows as replacement characters, as it
    does on handsets.

    Raises:
        TooLongError: More than 140 octets, or 160 septets in the default alphabet.
        UnreadableMessageError: The header is wrong, or the coding is neither GSM-7, Latin-1
            nor UCS-2.
    """
    header, content = _split(user_data) if esm_class & _UDHI else (b"", user_data)
    _check_length(header, content, data_coding=data_coding)
    reference, total, number = _concatenation(header[1:])
    return Part(_decode(content, data_coding), reference, total, number)


def decode_gsm7(septets: bytes) -> str:
    """Return the letters of unpacked septets, one an octet; unknown ones are replaced."""
    letters: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            letters.append(_EXTENSION.get(septet, _REPLACEMENT))
            escaped = False
        elif septet == _ESCAPE:
            escaped = True
        else:
            letters.append(_BASIC[septet] if septet < len(_BASIC) else _REPLACEMENT)
    if escaped:
        letters.append(_REPLACEMENT)
    return "".join(letters)


def _decode(content: bytes, data_coding: int) -> str:
    match data_coding:
        case 0:
            return decode_gsm7(content)
        case 3:
            return content.decode("latin-1")
        case 8:
            return content.decode("utf-16-be", errors="replace")
        case _:
            raise UnreadableMessageError


def _split(user_data: bytes) -> tuple[bytes, bytes]:
    if not user_data or len(user_data) < user_data[0] + 1:
        raise UnreadableMessageError
    end = user_data[0] + 1
    return user_data[:end], user_data[end:]


def _check_length(header: bytes, content: bytes, *, data_coding: int) -> None:
    if data_coding == 0:
        header_septets = -(-len(header) * 8 // 7)
        if header_septets + len(content) > SEPTETS_MAX:
            raise TooLongError
    elif len(header) + len(content) > USER_DATA_OCTETS_MAX:
        raise TooLongError


def _concatenation(elements: bytes) -> tuple[str | None, int, int]:
    """Return reference, total and number from the information elements of a header."""
    at = 0
    while at + 2 <= len(elements):
        identifier, length = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + length]
        if len(value) < length:
            raise UnreadableMessageError
        if (identifier, length) in {(_CONCATENATED_8_BIT, 3), (_CONCATENATED_16_BIT, 4)}:
            *reference, total, number = value
            if not 1 <= number <= total:
                raise UnreadableMessageError
            # References of 8 and of 16 bits are counted apart.
            return bytes(reference).hex(), total, number
        at += 2 + length
    return None, 1, 1
