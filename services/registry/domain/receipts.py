"""Receipts: the number a citizen can read out, and the sentences it stands under."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from services.registry.domain.identifiers import CheckDigit, verhoeff_digit

RECEIPT_DIGITS = 16
RECEIPT_NUMBERS = 9 * 10 ** (RECEIPT_DIGITS - 2)
"""How many numbers there are: a country that declares everything anew meets one twice in a
hundred times, and the database then refuses it."""
_FIRST_STEM = 10 ** (RECEIPT_DIGITS - 2)
_GROUP_DIGITS = 4


@dataclass(frozen=True, slots=True)
class VerbWords:
    """What a kind of declaration is called, and the rules that come with it."""

    ar: str
    fr: str
    evidence: tuple[str, ...]
    """The kinds of document that prove it."""
    is_change: bool
    """Whether it tells of a change, which must be declared within a delay."""
    renews_review: bool
    """Whether the household's data were gone through as a whole."""


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What a receipt says."""

    number: str
    verb: str
    occurred_on: date
    effective_on: date
    declared_on: date
    late: bool


def receipt_number(drawn: int) -> str:
    """Return a receipt's 16 digits, the last of which guards the others (Verhoeff).

    Args:
        drawn: A number drawn by chance from 0 to `RECEIPT_NUMBERS`, excluded.
    """
    stem = str(_FIRST_STEM + drawn)
    return stem + verhoeff_digit(stem)


def read_receipt_number(text: str) -> str | None:
    """Return the number that somebody typed, spaces and hyphens aside; None if it is none."""
    digits = text.replace(" ", "").replace("-", "")
    shaped = len(digits) == RECEIPT_DIGITS and digits.isascii() and digits.isdecimal()
    return digits if shaped and CheckDigit.VERHOEFF.holds(digits) else None


@cache
def verbs() -> Mapping[str, VerbWords]:
    """Return every kind of declaration by its code."""
    document = _document()
    return MappingProxyType(
        {
            code: VerbWords(
                ar=entry["ar"],
                fr=entry["fr"],
                evidence=tuple(entry["evidence"]),
                is_change=entry["is_change"],
                renews_review=entry["renews_review"],
            )
            for code, entry in document["verbs"].items()
        }
    )


def receipt_texts(facts: ReceiptFacts) -> tuple[str, str]:
    """Return what the receipt says in Arabic and in French."""
    sentences, verb = _document()["sentences"], verbs()[facts.verb]
    said = {
        "receipt": True,
        "effective": facts.effective_on != facts.occurred_on,
        "late": facts.late,
    }
    arabic, french = [
        "\n".join(
            template.format(
                number=_grouped(facts.number),
                verb=word,
                occurred_on=facts.occurred_on.strftime("%d/%m/%Y"),
                effective_on=facts.effective_on.strftime("%d/%m/%Y"),
                declared_on=facts.declared_on.strftime("%d/%m/%Y"),
            )
            for key, is_said in said.items()
            if is_said
            for template in (sentences[key][language],)
        )
        for language, word in (("ar", verb.ar), ("fr", verb.fr))
    ]
    return arabic, french


def _grouped(number: str) -> str:
    return " ".join(
        number[start : start + _GROUP_DIGITS] for start in range(0, len(number), _GROUP_DIGITS)
    )


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("receipts.toml").read_text("utf-8"))
