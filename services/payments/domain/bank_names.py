"""Names as banks take them: the Latin set of the transfer schemes, and never a transliteration."""

import re
import unicodedata
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

BANK_NAME_CHARACTERS_MAX = 70
_ALLOWED = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]", re.ASCII)
_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {
        "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d",
        "Ł": "L", "ł": "l", "ß": "ss", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{MODIFIER LETTER APOSTROPHE}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-", "\N{EN DASH}": "-",
    }
)  # fmt: skip


class NameUnwritableError(DomainError):
    """A name holds letters of another script, or nothing that a bank could read."""

    code: ClassVar[str] = "payments.account-name-unwritable"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def bank_name(name: str) -> str:
    """Return a Latin name in the bank's character set, at most `BANK_NAME_CHARACTERS_MAX` long.

    Accents fall away and signs outside the set become spaces. A letter of another script is never
    guessed at: a bank may refuse a corrupted name, or worse, pay on the account number alone.

    Raises:
        NameUnwritableError: A letter is not Latin, or no letter is left.
    """
    plain = name.translate(_LETTERS_WITHOUT_ACCENT)
    decomposed = unicodedata.normalize("NFKD", plain)
    written = "".join(_written(character) for character in decomposed)
    result = " ".join(written.split())[:BANK_NAME_CHARACTERS_MAX].rstrip()
    if not any(character.isalpha() for character in result):
        message = "The account holder's name has no Latin letters."
        raise NameUnwritableError(message)
    return result


def _written(character: str) -> str:
    if _ALLOWED.fullmatch(character):
        return character
    category = unicodedata.category(character)
    if category == "Mn" and _is_latin_mark(character):
        return ""
    if category[0] in "LM":
        message = "The account holder's name has letters that are not Latin."
        raise NameUnwritableError(message)
    return " "


def _is_latin_mark(character: str) -> bool:
    return unicodedata.name(character, "").startswith("COMBINING")
