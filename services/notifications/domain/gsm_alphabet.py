"""The GSM 7-bit default alphabet: which characters cost one septet, which two, and their codes.

Source: 3GPP TS 23.038, 6.2.1 (basic table and its extension).
"""

from types import MappingProxyType

ESCAPE = 0x1B

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

SEPTETS = MappingProxyType(
    {
        **{character: bytes((code,)) for code, character in enumerate(_BASIC) if code != ESCAPE},
        **{character: bytes((ESCAPE, code)) for character, code in _EXTENSION.items()},
    }
)
"""The septets of every character, one octet each: two octets where an escape comes first."""

_ALPHABET = frozenset(SEPTETS)
_CHARACTERS = MappingProxyType({septets: character for character, septets in SEPTETS.items()})


class NotGsmError(ValueError):
    """The septets spell no character of the alphabet."""


def fits_gsm(text: str) -> bool:
    """Say whether every character of `text` is in the alphabet."""
    return _ALPHABET.issuperset(text)


def decode_septets(septets: bytes) -> str:
    """Return the text that unpacked septets (one an octet) spell.

    Raises:
        NotGsmError: An escape is cut from its character, or a code means nothing.
    """
    characters = []
    position = 0
    while position < len(septets):
        width = 2 if septets[position] == ESCAPE else 1
        character = _CHARACTERS.get(septets[position : position + width])
        if character is None:
            message = f"No character of the alphabet stands at septet {position}."
            raise NotGsmError(message)
        characters.append(character)
        position += width
    return "".join(characters)
