"""Making a text cheap and clean to send, without changing what it says."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from services.notifications.domain.gsm_alphabet import SEPTETS, fits_gsm

CHARACTERS_REMEMBERED_MAX = 4096


class Language(StrEnum):
    """A language in which people are told."""

    ARABIC = "ar"
    FRENCH = "fr"


_FRENCH_REPLACEMENTS = MappingProxyType(
    {
        "œ": "oe",
        "Œ": "OE",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\t": " ",
    }
)
_QUOTE_PADDING = re.compile("«[\u00a0\u202f ]*|[\u00a0\u202f ]*»")
_DIRECTION_MARKS_AND_TATWEEL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0640]")
_SHORT_VOWELS = re.compile("[\u064b-\u0652\u0670]")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_WIDE_SPACES = re.compile("[\u00a0\u202f\u2009\t]")
_PRESENTATION_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")


def fit_to_gsm(text: str) -> str:
    """Return French `text` in the GSM alphabet as far as French goes.

    Why: one ç, ê or typographic apostrophe turns the whole SMS into UCS-2, which costs twice as
    much. Accents that the alphabet has (é è à ù) stay. A character that has no near form stays
    too: the message is then sent in UCS-2 rather than mutilated.
    """
    composed = _QUOTE_PADDING.sub('"', unicodedata.normalize("NFC", text))
    return composed if fits_gsm(composed) else "".join(map(_nearest, composed))


def clean_arabic(text: str) -> str:
    """Return Arabic `text` without what costs characters and says nothing.

    Direction marks, tatweel and short vowels go, presentation forms become letters, Arabic-Indic
    digits become the digits Moroccans write.
    """
    kept = _SHORT_VOWELS.sub("", _DIRECTION_MARKS_AND_TATWEEL.sub("", text))
    letters = _PRESENTATION_FORMS.sub(
        lambda found: unicodedata.normalize("NFKC", found.group()), kept
    )
    return _WIDE_SPACES.sub(" ", letters).translate(_ARABIC_DIGITS)


def transformed(text: str, *, language: Language) -> str:
    """Return `text` as it is sent in `language`."""
    return clean_arabic(text) if language is Language.ARABIC else fit_to_gsm(text)


@lru_cache(maxsize=CHARACTERS_REMEMBERED_MAX)
def _nearest(character: str) -> str:
    if character in SEPTETS:
        return character
    replacement = _FRENCH_REPLACEMENTS.get(character)
    if replacement is not None:
        return replacement
    bare = unicodedata.normalize("NFD", character)[0]
    return bare if bare in SEPTETS else character
