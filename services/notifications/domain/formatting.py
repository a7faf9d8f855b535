"""Writing amounts, dates and months the way Moroccans read them in an SMS.

Own functions, because locale libraries put U+202F or U+200F into numbers: these turn a French SMS
into UCS-2 and waste characters of an Arabic one. No space stands inside a number: in Arabic text
it would swap the groups.
"""

from datetime import date
from decimal import Decimal

from services.notifications.domain.transforms import Language

CENTIMES_PER_DIRHAM = 100

_MONTHS = {
    Language.ARABIC: (
        "يناير",
        "فبراير",
        "مارس",
        "أبريل",
        "ماي",
        "يونيو",
        "يوليوز",
        "غشت",
        "شتنبر",
        "أكتوبر",
        "نونبر",
        "دجنبر",
    ),
    Language.FRENCH: (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
}


def dirhams(centimes: int) -> str:
    """Return an amount in dirhams without its unit: `500`, or `512,50` when centimes remain.

    Args:
        centimes: The amount in centimes of dirham, 0 or more.

    Raises:
        ValueError: The amount is negative.
    """
    if centimes < 0:
        message = "An amount told to a household is never negative."
        raise ValueError(message)
    whole, rest = divmod(centimes, CENTIMES_PER_DIRHAM)
    return f"{whole},{rest:02d}" if rest else str(whole)


def exact_number(value: Decimal) -> str:
    """Return every digit of `value` with a decimal comma; only zeros at the end are dropped.

    Why: a rounded index beside a threshold would contradict the decision.
    """
    digits = f"{value:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits.replace(".", ",")


def short_date(day: date) -> str:
    """Return the day as `22/11/2026`, which reads the same in both languages."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def month_name(month: str, *, language: Language) -> str:
    """Return a month such as `2026-11` by its Moroccan name: `نونبر 2026`, `novembre 2026`.

    Raises:
        ValueError: `month` is not a year and month written `YYYY-MM`.
    """
    first = date.fromisoformat(f"{month}-01")
    return f"{_MONTHS[language][first.month - 1]} {first.year}"
