"""Reasons of refusal in words, by eligibility's stable codes."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from services.notifications.domain.transforms import Language

REASONS_TOLD_MAX = 2
UNKNOWN = "unknown"
_SEPARATORS = {Language.ARABIC: "، ", Language.FRENCH: "; "}


@cache
def reason_sentences() -> Mapping[str, Mapping[str, str]]:
    """Return the sentence of each code in each language."""
    document = files(__package__).joinpath("reasons.toml").read_text(encoding="utf-8")
    sentences: Mapping[str, Mapping[str, str]] = tomllib.loads(document)
    return sentences


def unknown_codes(codes: Sequence[str]) -> list[str]:
    """Return the codes that have no sentence of their own."""
    return [code for code in codes if code not in reason_sentences()]


def told_reasons(codes: Sequence[str], *, language: Language) -> str:
    """Return the first `REASONS_TOLD_MAX` reasons as one clause; the rest is on the platform.

    A code without a sentence, or no code at all, is told as conditions that are not met: a
    household is never left without a message because a rule is newer than our words.
    """
    sentences = reason_sentences()
    told = [sentences.get(code, sentences[UNKNOWN])[language] for code in codes]
    distinct = list(dict.fromkeys(told)) or [sentences[UNKNOWN][language]]
    return _SEPARATORS[language].join(distinct[:REASONS_TOLD_MAX])
