"""Names as requests state them: what no name holds is refused, and never searched for in vain."""

from typing import Annotated

from pydantic import StringConstraints

# Letters and their marks, of any script; the numerals stand for Arabic letters in Latin script.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670])"
_NUMERAL = "[235679]"
_WORD = rf"{_NUMERAL}{{0,2}}{_LETTER}(?:{_LETTER}|{_NUMERAL})*"
_MARK = r"[.'’‘`´‐‑–-]"

NAME_PATTERN = rf"^ *{_MARK}?{_WORD}(?:(?:{_MARK}? +{_MARK}?|{_MARK}){_WORD})*{_MARK}? *$"
"""Words, each with an apostrophe, a hyphen or a full stop at most at its edges.

No text is read by it in two ways, so that it costs little in whatever engine a client uses.
"""

PersonName = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=120)]
NamePart = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=100)]
