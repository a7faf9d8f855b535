"""How a name sounds, whichever script and spelling it is written in.

A word becomes its consonants as both scripts can tell them: short vowels are not written in Arabic
and are written many ways in Latin, so none is kept; letters that Latin does not tell apart (ت and
ط, ح and ه, ق and ك) are one. Mohammed, Muhammad and محمد are all `MHMD`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

WORDS_MAX = 4
"""Words of a name that are heard; more are left out."""

_SOUNDS_CACHED_MAX = 65_536
_VOWELS_ALONE = "A"
_SOUNDS = frozenset("BTDJHKSXZGFLMNRaiue-")
_NO_VOWELS = dict.fromkeys(map(ord, "aiue"))
_LEADING_ARTICLE_MIN = 4
_ARTICLE_AR = "ال"
_FAITH = "الدين"
_TA_MARBUTA, _ALEF = "ة", "ا"

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻ`´ʾʿ\u0640"))
_NUMERALS = str.maketrans({"2": "", "3": "", "5": "kh", "6": "t", "7": "h", "9": "q"})
_CEDILLA = str.maketrans({"ç": "s", "Ç": "S"})
_LETTERS_AR = str.maketrans({
    **dict.fromkeys("بپ", "B"),
    **dict.fromkeys("تطث", "T"),
    **dict.fromkeys("دضذظ", "D"),
    **dict.fromkeys("سص", "S"),
    **dict.fromkeys("شچ", "X"),
    **dict.fromkeys("حهھ", "H"),
    **dict.fromkeys("كقخگڭݣکڨ", "K"),
    **dict.fromkeys("فڤڢ", "F"),
    **dict.fromkeys("اة", "a"),
    **dict.fromkeys("يی", "i"),
    "و": "u",
    "ى": "e",
    "ج": "J",
    "ز": "Z",
    "غ": "G",
    "ل": "L",
    "م": "M",
    "ن": "N",
    "ر": "R",
})  # fmt: skip
_VOWELS = {**dict.fromkeys("ouw", "u"), **dict.fromkeys("iy", "i"), "a": "a", "e": "e"}
_FIRST_AR = {"و": "W", "ي": "Y", "ا": "e"}
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3\u0750-\u077f]")
_SERVANT_AR = re.compile(r"^(عبد|ابو|ابن)ال(?=..)")
_FAITH_AR = re.compile(r"(?<=..)الدين$")

_ARTICLE = re.compile(
    r"^(?:el(?=[^aeiou]\w\w|[aou]\w{3}|i(?!a)\w{4})|al(?=[^aeiou]\w\w|ou[aeiy]\w))"
)
_SERVANT = re.compile(r"^abd[aeou]?l(?!l|atif|ah?$)(?=\w\w)|^abd[aou](?=ll?[ia])")
_DOUBLED = re.compile(r"(ch|sh|kh|gh|dh|th|[^\Wh]|(?<![cgkst])h)\1+")
_LAST_AH = re.compile(r"ah$")
_SEAM = re.compile(r"([A-Z]?)-(?:\1)?")
_OWN_ARTICLE = re.compile(r"^[aiue]*L[aiue]*")
_LATIN = re.compile(
    r"(?P<X>[st]?ch|sh)|(?P<TH>(?<=^fa)th(?!m)|^th(?=am))|(?P<G>gh|^rh)|(?P<F>ph|[fv])"
    r"|(?P<J>dj|j|g(?=[eiy]))|(?P<K>gu(?=[eiy])|kh|ck|qu?|[kg]|c(?![eiy]))|(?P<KS>x)|(?P<S>[sc])"
    r"|(?P<W>^ou(?=[aeiy])|^w|^u(?=[ai]))|(?P<Y>^y|^i(?=[aou]))|(?P<T>th?)|(?P<D>dh?)|(?P<B>[bp])"
    r"|(?P<H>h(?!$))|(?P<Z>z)|(?P<L>l)|(?P<M>m)|(?P<N>n)|(?P<R>r)|(?P<SEAM>-)|."
)
_WRITTEN = {name: "-" if name == "SEAM" else name for name in _LATIN.groupindex}


class _Spelling(NamedTuple):
    """The listed words, as sets."""

    articles: frozenset[str]
    prefixes: frozenset[str]
    suffixes: frozenset[str]
    spelt: Mapping[str, str]


@cache
def _spelling() -> _Spelling:
    text = files(__package__).joinpath("name_sounds.toml").read_text("utf-8")
    listed = tomllib.loads(text)
    return _Spelling(
        frozenset(listed["articles"]),
        frozenset(listed["prefixes"]),
        frozenset(listed["suffixes"]),
        listed["spelt"],
    )


def folded(name: str) -> str:
    """Return a name in lower case without accents, hamzas, vowel signs and apostrophes."""
    plain = unicodedata.normalize("NFKD", name.translate(_CEDILLA)).casefold()
    return "".join(
        letter for letter in plain.translate(_APOSTROPHES) if unicodedata.category(letter) != "Mn"
    )


@lru_cache(maxsize=_SOUNDS_CACHED_MAX)
def words_of(name: str) -> tuple[str, ...]:
    """Return the folded words of a name, articles gone and particles joined to their word."""
    return tuple(_joined(_WORD.findall(folded(name))))[:WORDS_MAX]


@lru_cache(maxsize=_SOUNDS_CACHED_MAX)
def spoken(word: str) -> str:
    """Return a folded word as it is said: consonants in capitals, the vowels written between.

    The vowels are a, i, u, and e for one that may be any; empty for a word of other scripts.
    """
    heard = _arabic(word) if is_arabic(word) else _latin(word)
    heard = _SEAM.sub(r"\1", heard)
    # Lahcen is El Hassan said aloud; only short names begin with an L of their own.
    return _OWN_ARTICLE.sub("", heard) if len(consonants(heard)) >= _LEADING_ARTICLE_MIN else heard


def is_arabic(word: str) -> bool:
    """Return whether a folded word is written in Arabic script."""
    return _ARABIC.search(word) is not None


def consonants(said: str) -> str:
    """Return the consonants of a spoken word."""
    return said.translate(_NO_VOWELS)


@lru_cache(maxsize=_SOUNDS_CACHED_MAX)
def sounds_of(name: str) -> tuple[str, ...]:
    """Return the consonants of each word of a name; a word of other scripts has no sound."""
    said = [spoken(word) for word in words_of(name)]
    return tuple(consonants(word) or _VOWELS_ALONE for word in said if word)


@lru_cache(maxsize=_SOUNDS_CACHED_MAX)
def searched_sounds(name: str) -> tuple[str, ...]:
    """Return the sounds that a name is found by: each word, and all of them written as one."""
    sounds = sounds_of(name)
    if len(sounds) > 1:
        sounds = (*sounds, "".join(sounds))
    return tuple(dict.fromkeys(sounds))


def _joined(words: list[str]) -> Iterator[str]:
    """Join particles and the words they belong to, in the order they stand."""
    spelling = _spelling()
    words = [spelling.spelt.get(word, word) for word in words]
    pending = ""
    waiting: str | None = None
    for word in words:
        if word in spelling.articles and len(words) > 1:
            continue
        if waiting is not None and not pending and word in spelling.suffixes:
            waiting += "-" + (word.removeprefix(_ARTICLE_AR) if word == _FAITH else word)
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if word in spelling.prefixes:
            pending += word + "-"
        else:
            waiting, pending = pending + _bare(word), ""
    if waiting is not None:
        yield waiting
    if pending:
        yield pending.rstrip("-")


def _bare(word: str) -> str:
    """Return a word without an article written in one with it."""
    spelling = _spelling()
    if word.startswith(_ARTICLE_AR) and len(word) >= _LEADING_ARTICLE_MIN:
        word = word[len(_ARTICLE_AR) :]
    else:
        word = _FAITH_AR.sub("دين", _SERVANT_AR.sub(r"\1", word))
        word = _SERVANT.sub("abd-", _ARTICLE.sub("", word))
    return spelling.spelt.get(word, word)


def _arabic(word: str) -> str:
    word = _DOUBLED.sub(r"\1", word)
    first = _FIRST_AR.get(word[0], "")
    rest = word[1:] if first else word
    last = ""
    if rest.endswith(_ALEF + _TA_MARBUTA):
        rest, last = rest[:-1], "T"
    elif rest.endswith(("ح", "ه")):
        # Latin writes a final h or leaves it out, whatever stands in Arabic.
        rest = rest[:-1]
    heard = rest.translate(_LETTERS_AR)
    return first + "".join(letter for letter in heard if letter in _SOUNDS) + last


def _latin(word: str) -> str:
    word = _DOUBLED.sub(r"\1", word.translate(_NUMERALS))
    word = _LAST_AH.sub("eh", word)
    return "".join(
        _VOWELS.get(match[0], "") if match.lastgroup is None else _WRITTEN[match.lastgroup]
        for match in _LATIN.finditer(word)
    )
