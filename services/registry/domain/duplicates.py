"""When two records may be of one person or one household, and what speaks for it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal
from uuid import UUID

from services.registry.domain.birth_dates import birth_codes
from services.registry.domain.declarations import Name
from services.registry.domain.name_likeness import likeness, name_code
from services.registry.domain.territory import nearness_codes

SCORE_MAX = 1000

Kind = Literal["persons", "households"]


@dataclass(frozen=True, slots=True)
class ComparedPerson:
    """What is compared of a person."""

    name_ar: Name
    name_latin: Name
    birth_date: date
    province_code: str
    commune_code: str
    cnie: str | None
    residence_permit: str | None
    phones: frozenset[str]
    household_id: UUID | None


@dataclass(frozen=True, slots=True)
class ComparedHousehold:
    """What is compared of a household; its declared facts are known to be equal or not."""

    commune_code: str
    phone: str | None
    head_sex: str
    head_has_spouse: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for one person or household, up to 1000 points, and what."""

    score: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    threshold: int
    points: Mapping[str, int]
    name_min: int


@cache
def _rules(kind: Kind) -> _Rules:
    text = files(__package__).joinpath("duplicates.toml").read_text("utf-8")
    document = tomllib.loads(text)[kind]
    return _Rules(
        threshold=document["threshold"]["value"],
        points=document["points"],
        name_min=document.get("name_min", {"value": 0})["value"],
    )


def persons_evidence(one: ComparedPerson, other: ComparedPerson) -> Evidence | None:
    """Return why two persons may be one, or None if too little speaks for it."""
    rules = _rules("persons")
    given = part_likeness(one, other, part="given")
    family = part_likeness(one, other, part="family")
    if min(given, family) < rules.name_min:
        return None
    codes = [
        name_code("given", given),
        name_code("family", family),
        *birth_codes(one.birth_date, other.birth_date),
        *nearness_codes(one, other),
        *_of_documents(one, other),
        *(("phone-shared",) if one.phones & other.phones else ()),
        *(("household-same",) if _live_together(one, other) else ()),
    ]
    return _weighed(codes, rules)


def households_evidence(
    one: ComparedHousehold,
    other: ComparedHousehold,
    *,
    facts_same: bool,
    member_registered_twice: bool,
) -> Evidence | None:
    """Return why two households may be one, or None if too little speaks for it.

    Args:
        one: The one household.
        other: The other.
        facts_same: Everything declared about the dwelling and what it holds is equal.
        member_registered_twice: A member of each may be one person.
    """
    codes = [
        code
        for code, holds in (
            ("facts-same", facts_same),
            ("commune-same", one.commune_code == other.commune_code),
            ("phone-same", one.phone is not None and one.phone == other.phone),
            ("heads-may-be-spouses", _heads_may_be_spouses(one, other)),
            ("member-registered-twice", member_registered_twice),
        )
        if holds
    ]
    return _weighed(codes, _rules("households"))


def part_likeness(
    one: ComparedPerson, other: ComparedPerson, *, part: Literal["given", "family"]
) -> int:
    """Return how alike one part of two names is, over both scripts; the better one counts double.

    A clerk misspells one script at a time; twins bear names that differ in both.
    """
    arabic = likeness(getattr(one.name_ar, part), getattr(other.name_ar, part))
    latin = likeness(getattr(one.name_latin, part), getattr(other.name_latin, part))
    return (arabic + latin + max(arabic, latin)) // 3


def one_slip_apart(one: str, other: str) -> bool:
    """Return whether two numbers differ by one character, or by two neighbours swapped."""
    if len(one) != len(other):
        return False
    differing = [place for place in range(len(one)) if one[place] != other[place]]
    if len(differing) == 1:
        return True
    if len(differing) != 2:  # noqa: PLR2004 -- a swap differs in two places
        return False
    here, there = differing
    return there == here + 1 and one[here] == other[there] and one[there] == other[here]


def _weighed(codes: list[str], rules: _Rules) -> Evidence | None:
    score = sum(rules.points[code] for code in codes)
    if score < rules.threshold:
        return None
    return Evidence(min(score, SCORE_MAX), tuple(codes))


def _of_documents(one: ComparedPerson, other: ComparedPerson) -> Iterator[str]:
    for mine, theirs in (
        (one.cnie, other.cnie),
        (one.residence_permit, other.residence_permit),
    ):
        if mine is None or theirs is None:
            continue
        if mine == theirs:
            yield "document-same"
        elif one_slip_apart(mine, theirs):
            yield "document-one-slip"
        else:
            yield "documents-differ"


def _live_together(one: ComparedPerson, other: ComparedPerson) -> bool:
    return one.household_id is not None and one.household_id == other.household_id


def _heads_may_be_spouses(one: ComparedHousehold, other: ComparedHousehold) -> bool:
    """Return whether the heads are a man and a woman, at most one of whom lives with a spouse."""
    both_accompanied = one.head_has_spouse and other.head_has_spouse
    return one.head_sex != other.head_sex and not both_accompanied
