"""How one name comes to be written in several ways."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from simulators.population.names import Name

DRAWS_MAX = 12

SAME_NAME = {
    "Abdellah": ("Abdallah", "Abdullah", "Abdoullah"),
    "Ahmed": ("Ahmad", "Hmed"),
    "Aicha": ("Aisha", "Aycha", "Aisa"),
    "Ali": ("Aly", "Alie"),
    "Brahim": ("Ibrahim", "Brahime"),
    "Fatima": ("Fatma", "Fatema", "Fatimah"),
    "Hassan": ("Hasan", "Hassane"),
    "Hicham": ("Hisham", "Hichame"),
    "Khadija": ("Khadidja", "Kadija", "Khadijah"),
    "Khalid": ("Khaled", "Khalide"),
    "Lahcen": ("Lahsen", "Lahssen", "Elhassan"),
    "Meryem": ("Mariam", "Maryam", "Meriem"),
    "Mohamed": ("Mohammed", "Muhammad", "Mouhamed", "Mohamad"),
    "Mustapha": ("Mostafa", "Mustafa", "Moustapha"),
    "Omar": ("Omer", "Aomar"),
    "Rachid": ("Rashid", "Rachide"),
    "Said": ("Saeed", "Saïd"),
    "Youssef": ("Yusuf", "Yousef", "Youcef"),
    "Zineb": ("Zainab", "Zaineb", "Zeineb"),
}
LATIN_LETTERS = (
    ("ou", "u"),
    ("ch", "sh"),
    ("gh", "rh"),
    ("dd", "d"),
    ("ss", "s"),
    ("ll", "l"),
    ("nn", "n"),
    ("ai", "ay"),
    ("i", "y"),
    ("k", "q"),
    ("e", "a"),
    ("z", "s"),
)
HAMZAS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و", "ئ": "ي"})
ARTICLE = "ال"
SERVANT_OF = "عبد "
TA_MARBUTA, HA = "ة", "ه"
ALEF_MAQSURA, YA = "ى", "ي"

Change = Callable[[str, Random], str]


class Variant(NamedTuple):
    """A name written otherwise, and in what it differs, like `latin:prefix`."""

    name: Name
    difference: str


def _usual(text: str, rng: Random) -> str:
    variants = SAME_NAME.get(text)
    return rng.choice(variants) if variants else text


def _latin_letters(text: str, rng: Random) -> str:
    heard = [(one, other) for one, other in LATIN_LETTERS if one in text.lower()]
    if not heard:
        return text
    one, other = rng.choice(heard)
    if text.isupper():
        return text.replace(one.upper(), other.upper(), 1)
    return text.replace(one, other, 1)


def _latin_prefix(text: str, rng: Random) -> str:
    word, space, rest = text.partition(" ")
    if not space:
        return f"EL {text}" if text.isupper() and text.endswith("I") else text
    if word in {"EL", "El"}:
        return rng.choice((f"AL {rest}", f"EL{rest}", rest, f"EL-{rest}"))
    return f"{word}{rest}"


def _transposed(text: str, rng: Random) -> str:
    place = 1 + int(rng.random() * (len(text) - 2)) if len(text) > 3 else 0  # noqa: PLR2004 - the first letter and another pair
    one, other = text[place : place + 1], text[place + 1 : place + 2]
    if not place or " " in (one, other):
        return text
    return f"{text[:place]}{other}{one}{text[place + 2 :]}"


def _hamza(text: str, _: Random) -> str:
    return text.translate(HAMZAS)


def _ta_marbuta(text: str, _: Random) -> str:
    return f"{text[:-1]}{HA}" if text.endswith(TA_MARBUTA) else text


def _alef(text: str, _: Random) -> str:
    if text.endswith(ALEF_MAQSURA):
        return f"{text[:-1]}{YA}"
    return f"{text[:-1]}{ALEF_MAQSURA}" if text.endswith(YA) else text


def _article(text: str, _: Random) -> str:
    return text.removeprefix(ARTICLE) if text.startswith(ARTICLE) else f"{ARTICLE}{text}"


def _joined(text: str, _: Random) -> str:
    return text.replace(SERVANT_OF, SERVANT_OF.strip(), 1)


LATIN: dict[str, Change] = {
    "usual": _usual,
    "letters": _latin_letters,
    "prefix": _latin_prefix,
    "transposed": _transposed,
}
ARABIC: dict[str, Change] = {
    "hamza": _hamza,
    "ta_marbuta": _ta_marbuta,
    "alef": _alef,
    "article": _article,
    "joined": _joined,
    "transposed": _transposed,
}


def variant_of(name: Name, rng: Random) -> Variant:
    """Return a name with one script written otherwise; a name too short stays as it is."""
    for _ in range(DRAWS_MAX):
        if rng.random() < 1 / 2:
            way = rng.choice(list(LATIN))
            latin = LATIN[way](name.latin, rng)
            if latin != name.latin:
                return Variant(Name(latin, name.arabic), f"latin:{way}")
        else:
            way = rng.choice(list(ARABIC))
            arabic = ARABIC[way](name.arabic, rng)
            if arabic != name.arabic:
                return Variant(Name(name.latin, arabic), f"arabic:{way}")
    return Variant(name, "none")
