"""What a name may hold: one rule for names on file, in either script, and for names asked about.

A name is words of letters and their marks, joined by spaces, by an apostrophe, a full stop or a
hyphen, or by one of the former two beside a hyphen (J.-P., al-ʿAdil). What is asked may besides be
of any script and hold the numerals that stand for Arabic letters in Latin script (3abd l3ali), so
that whatever can be on file can be asked for.
"""

_QUIET = r"['’‘`´ʻʼʾʿ.]"
_HYPHEN = r"[\-‐‑–]"
_MARK = rf"(?:{_QUIET}{_HYPHEN}?|{_HYPHEN}{_QUIET}?)"
_GAP = rf" +(?:{_MARK} *)?"
_JOINT = rf"(?:{_MARK}(?:{_GAP})?|{_GAP})"

_LATIN_LETTERS = r"A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"
_LATIN_MARKS = r"\u0300-\u036f"
# The Arabic block without its digits, commas and signs; then its supplements and the forms in which
# older systems keep the same letters.
_ARABIC_LETTERS = (
    r"\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff"
    r"\u0750-\u077f\u08a0-\u08c7\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdf2\ufe70-\ufefc"
)
_ARABIC_MARKS = r"\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
_ON_FILE = _LATIN_LETTERS + _LATIN_MARKS + _ARABIC_LETTERS + _ARABIC_MARKS
# Those apart, so that no letter is of two kinds; and the apostrophes that elsewhere are letters.
_ANY = rf"(?:[{_ON_FILE}]|[^\W\d_ʻʼʾʿ{_ON_FILE}])"
_NUMERAL = "[235679]"


def _of_words(word: str) -> str:
    """Return the pattern of names of such words.

    No text is read by it in two ways, so that it costs little in whatever engine a client uses.
    """
    return rf"^ *{_MARK}?{word}(?:{_JOINT}{word})*{_MARK}? *$"


LATIN_NAME = _of_words(rf"[{_LATIN_LETTERS}][{_LATIN_LETTERS}{_LATIN_MARKS}]*")
ARABIC_NAME = _of_words(rf"[{_ARABIC_LETTERS}][{_ARABIC_LETTERS}{_ARABIC_MARKS}]*")
ASKED_NAME = _of_words(rf"{_NUMERAL}{{0,2}}{_ANY}(?:{_ANY}|{_NUMERAL})*")
