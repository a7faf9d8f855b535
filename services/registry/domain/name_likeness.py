"""How alike two names are, per mille; across scripts, spellings and small slips of the pen.

Consonants are compared as `name_sounds` hears them, then the vowels between them: Hassan and
Hussein have the same consonants and are two names, Hassan and Hassane are one.
"""

import re
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from services.registry.domain.name_sounds import consonants, is_arabic, spoken, words_of

EQUAL = 1000
SAME_NAME_MIN = 900
"""From here on two spellings are taken for one name."""

_CACHED_MAX = 262_144
_SAID_ALIKE = 990
_SAID_ALIKE_MIN = 500
_MISSPELT_MAX = 880
_OTHER_SCRIPT_MAX = 800
_LETTERS_COMPARED_MAX = 48

_VOWEL_DIFFERS = 250
_LAST_VOWEL_DIFFERS = 200
_LONG_VOWEL_MISSING = 150
_VOWEL_MISSING = 20
_BETWEEN = re.compile(r"[A-Z]")


class _Word(NamedTuple):
    letters: str
    said: str
    heard: str
    arabic: bool


def same_name(one: str, other: str) -> bool:
    """Return whether two texts write the same name, in whichever script and order of words."""
    return likeness(one, other) >= SAME_NAME_MIN


def name_code(part: str, alike: int) -> str:
    """Return the code of how alike one part of two names is.

    Args:
        part: "given" or "family".
        alike: Per mille, as `likeness` gives it.
    """
    return f"{part}-name-{'same' if alike >= SAME_NAME_MIN else 'alike'}"


@lru_cache(maxsize=_CACHED_MAX)
def likeness(one: str, other: str) -> int:
    """Return how alike two names are, from 0 to 1000; an empty name is like none."""
    if one == other and one:
        return EQUAL
    left, right = _words(one), _words(other)
    if not left or not right:
        return 0
    if len(left) == len(right) == 1:
        return _words_likeness(left[0], right[0])
    return max(_in_any_order(left, right), _words_likeness(_as_one(left), _as_one(right)))


@lru_cache(maxsize=_CACHED_MAX)
def _words(name: str) -> tuple[_Word, ...]:
    return tuple(
        _Word(word.replace("-", ""), said, consonants(said), is_arabic(word))
        for word in words_of(name)
        for said in (spoken(word),)
    )


def _as_one(words: tuple[_Word, ...]) -> _Word:
    """Return words as if they were written as one: Fatimazahra."""
    return _Word(
        "".join(word.letters for word in words),
        "".join(word.said for word in words),
        "".join(word.heard for word in words),
        arabic=words[0].arabic,
    )


def _in_any_order(left: tuple[_Word, ...], right: tuple[_Word, ...]) -> int:
    """Pair the words that are most alike; a word without a partner counts as unlike."""
    pairs = sorted(
        (
            (_words_likeness(one, other), here, there)
            for here, one in enumerate(left)
            for there, other in enumerate(right)
        ),
        reverse=True,
    )
    total, taken_left, taken_right = 0, set(), set()
    for alike, here, there in pairs:
        if here not in taken_left and there not in taken_right:
            taken_left.add(here)
            taken_right.add(there)
            total += alike
    return 2 * total // (len(left) + len(right))


@lru_cache(maxsize=_CACHED_MAX)
def _words_likeness(one: _Word, other: _Word) -> int:
    if one.letters == other.letters:
        return EQUAL
    said_alike = _said_alike(one, other)
    if said_alike >= SAME_NAME_MIN:
        return said_alike
    if one.arabic != other.arabic:
        return max(said_alike, min(_OTHER_SCRIPT_MAX, _written_alike(one.heard, other.heard)))
    return max(said_alike, min(_MISSPELT_MAX, _written_alike(one.letters, other.letters)))


def _said_alike(one: _Word, other: _Word) -> int:
    """Return how alike the vowels are of words with equal consonants; 0 if those differ."""
    if one.heard != other.heard or not one.said or not other.said:
        return 0
    here, there = _BETWEEN.split(one.said), _BETWEEN.split(other.said)
    both_arabic, across = one.arabic and other.arabic, one.arabic != other.arabic
    last = len(here) - 1
    cost = sum(
        _last_vowels_cost(mine, theirs)
        if place == last
        else _vowels_cost(mine, theirs, missing_long=both_arabic, missing=not across)
        for place, (mine, theirs) in enumerate(zip_longest(here, there, fillvalue=""))
    )
    return max(_SAID_ALIKE - cost, _SAID_ALIKE_MIN)


def _vowels_cost(mine: str, theirs: str, *, missing_long: bool, missing: bool) -> int:
    """Return what differing vowels between two consonants cost.

    Args:
        mine: Vowels of the one word.
        theirs: Vowels of the other.
        missing_long: A written i or u is long, and its absence tells: حسن is not حسين.
        missing: The absence of a vowel tells a little.
    """
    some, others = _heard_vowels(mine), _heard_vowels(theirs)
    shared = some & others
    if "e" in some or "e" in others or shared - {"a"} or some == others:
        return 0
    if shared:
        return _LONG_VOWEL_MISSING
    if some and others:
        return _VOWEL_DIFFERS
    present = some | others
    if missing_long and present - {"a"}:
        return _LONG_VOWEL_MISSING
    return _VOWEL_MISSING if missing and present else 0


def _last_vowels_cost(mine: str, theirs: str) -> int:
    """Return what differing endings cost: Samir is not Samira, nor Hassan Hassani."""
    some, others = _heard_vowels(mine), _heard_vowels(theirs)
    if some & others or some == others or "e" in some | others:
        return 0
    return _LAST_VOWEL_DIFFERS


@lru_cache(maxsize=1024)
def _heard_vowels(written: str) -> frozenset[str]:
    """Return which vowels a group of letters may stand for; e alone stands for any."""
    without = written.replace("ee", "i").replace("e", "")
    return frozenset(without or written)


def _written_alike(one: str, other: str) -> int:
    """Return how few letters must be added, dropped, changed or swapped, per mille."""
    one, other = one[:_LETTERS_COMPARED_MAX], other[:_LETTERS_COMPARED_MAX]
    longest = max(len(one), len(other))
    if not longest:
        return 0
    shared = len(set(one) & set(other))
    if 2 * shared < longest:
        # Too few letters in common to be the same name; how few is not worth counting exactly.
        return EQUAL * shared // longest
    return EQUAL - EQUAL * _edits(one, other) // longest


def _edits(one: str, other: str) -> int:
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            least = min(
                last[column] + 1, current[column - 1] + 1, last[column - 1] + (letter != wanted)
            )
            swapped = row > 1 < column and letter == other[column - 2] and one[row - 2] == wanted
            current.append(min(least, before[column - 2] + 1) if swapped else least)
        before, last = last, current
    return last[-1]
