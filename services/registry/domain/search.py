"""What may be searched for, how well a person fits it, and why."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from services.registry.domain.birth_dates import (
    Births,
    births_of_years,
    likely_births,
    relation_of,
)
from services.registry.domain.name_likeness import EQUAL, SAME_NAME_MIN, likeness
from services.registry.domain.name_sounds import is_arabic, sounds_of, words_of

YEARS_AROUND_MAX = 5
_LIKE_MIN = 700
_OTHER_SCRIPT_LESS = 30
_SAME_WORD_MIN = 980
"""Below this the vowels differ: Alami and Lamia have the same consonants and are two names."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known of somebody who is looked for; what is not known is None."""

    name: str | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    years_around: int = 0
    sex: str | None = None
    region_code: str | None = None
    province_code: str | None = None
    commune_code: str | None = None

    @property
    def territories(self) -> tuple[str, ...]:
        """Return the codes of the region, province and commune that are stated."""
        stated = (self.region_code, self.province_code, self.commune_code)
        return tuple(code for code in stated if code is not None)

    @property
    def births(self) -> list[Births]:
        """Return the days on which the person may be recorded as born; none means any."""
        if self.birth_date is not None:
            return likely_births(self.birth_date)
        if self.birth_year is not None:
            around = self.years_around
            return [births_of_years(self.birth_year - around, self.birth_year + around)]
        return []


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is compared of a person who may be the one looked for."""

    names: tuple[str, str]
    """Given and family name in Arabic, then in Latin script, each as one text."""
    birth_date: date


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a person fits, from 0 to 1000, and why."""

    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Weights:
    name: int
    birth: int
    birth_worth: Mapping[str, int]


@cache
def _weights() -> _Weights:
    text = files(__package__).joinpath("search.toml").read_text("utf-8")
    document = tomllib.loads(text)
    return _Weights(
        name=document["weights"]["name"]["value"],
        birth=document["weights"]["birth"]["value"],
        birth_worth={code: entry["value"] for code, entry in document["birth_worth"].items()},
    )


def alternatives_of(name: str) -> list[tuple[str, ...]]:
    """Return the sets of sounds any of which a person of this name has.

    All words, or all with two neighbours written as one: Fatima Zahra is also Fatimazahra.
    """
    sounds = sounds_of(name)
    joined = (
        (*sounds[:place], sounds[place] + sounds[place + 1], *sounds[place + 2 :])
        for place in range(len(sounds) - 1)
    )
    return [one for one in dict.fromkeys((sounds, *joined)) if one]


def wider_alternatives_of(name: str) -> list[tuple[str, ...]]:
    """Return the sets of sounds with one word left out, since that may be misspelt."""
    sounds = sounds_of(name)
    if len(sounds) < 2:  # noqa: PLR2004 -- nothing would be left
        return []
    return [(*sounds[:place], *sounds[place + 1 :]) for place in range(len(sounds))]


def fit_of(candidate: Candidate, sought: Sought) -> Fit:
    """Return how well somebody fits what is sought; what was not asked does not count."""
    weights = _weights()
    total, worth = 0, 0
    reasons: list[str] = []
    if sought.name is not None:
        alike, least = max(_as_found(sought.name, name) for name in candidate.names)
        total, worth = total + weights.name, worth + weights.name * alike // EQUAL
        reasons += _name_reason(alike, least)
    if sought.birth_date is not None:
        relation = relation_of(sought.birth_date, candidate.birth_date)
        total += weights.birth
        worth += weights.birth * weights.birth_worth[relation] // EQUAL
        reasons.append(f"birth-date-{relation}")
    elif sought.birth_year is not None:
        reasons.append("birth-year-within")
    reasons += _narrowed_by(sought)
    return Fit(EQUAL * worth // total if total else EQUAL, tuple(reasons))


def advice_for(sought: Sought) -> str:
    """Return what would make a search narrow enough, most telling first."""
    missing = [
        words
        for words, known in (
            ("a birth date", sought.birth_date),
            ("a birth year", sought.birth_date or sought.birth_year),
            ("another of the person's names", len(words_of(sought.name or "")) > 1 or None),
            ("a commune", sought.commune_code),
            ("a province", sought.commune_code or sought.province_code),
            ("the sex", sought.sex),
        )
        if known is None
    ]
    return ", or ".join(missing) or "an identifier"


def _as_found(sought: str, name: str) -> tuple[int, int]:
    """Return what `_contained` does; the other script lacks vowels that tell names apart."""
    alike, least = _contained(sought, name)
    less = 0 if is_arabic(sought) == is_arabic(name) else _OTHER_SCRIPT_LESS
    return max(alike - less, 0), max(least - less, 0)


def _contained(sought: str, name: str) -> tuple[int, int]:
    """Return how well the sought words stand in a name, and how well the worst of them does.

    Other words of the name cost little.
    """
    wanted = words_of(sought)
    parts = words_of(name)
    if not wanted or not parts:
        return 0, 0
    best = [max(likeness(word, part) for part in parts) for word in wanted]
    if min(best) < _LIKE_MIN and "".join(sounds_of(sought)) in "".join(sounds_of(name)):
        # A word has no counterpart because the words are cut otherwise: Fatimazahra.
        alike = likeness(sought, name)
        return alike, alike
    whole = 2 * sum(best) // (len(wanted) + len(parts))
    return (9 * sum(best) // len(best) + min(whole, EQUAL)) // 10, min(best)


def _name_reason(alike: int, least: int) -> Iterator[str]:
    if alike >= SAME_NAME_MIN and least >= _SAME_WORD_MIN:
        yield "name-same"
    elif alike >= _LIKE_MIN:
        yield "name-alike"
    else:
        yield "name-partly-alike"


def _narrowed_by(sought: Sought) -> Iterator[str]:
    for reason, stated in (
        ("sex-same", sought.sex),
        ("region-same", sought.region_code),
        ("province-same", sought.province_code),
        ("commune-same", sought.commune_code),
    ):
        if stated is not None:
            yield reason
