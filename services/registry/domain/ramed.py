"""The list of RAMED, the older scheme of free care: its rows, and whom they name."""

import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import ClassVar, NamedTuple

from services.registry.domain.birth_dates import birth_codes
from services.registry.domain.declarations import Name
from services.registry.domain.duplicates import one_slip_apart
from services.registry.domain.name_likeness import likeness, name_code
from services.registry.domain.territory import communes, nearness_codes
from shared.kernel.errors import DomainError, ErrorKind

COLUMNS = (
    "number",
    "given_ar",
    "family_ar",
    "given_latin",
    "family_latin",
    "birth_date",
    "commune",
    "cnie",
)
HEADER = ",".join(COLUMNS)
LINE_CHARACTERS_MAX = 1_000
VALUE_CHARACTERS_MAX = 120
NUMBER_CHARACTERS_MAX = 40
NUMBER_REPEATED = "number-repeated"
"""Said of a row, whatever became of it, whose number an earlier row of the list has."""
EARLIEST_BIRTH = date(1880, 1, 1)
_NEAR = frozenset(
    {"card-same", *(f"{part}-name-{how}" for part in Name._fields for how in ("same", "alike"))}
)
_NAME_DIFFERS = frozenset({f"{part}-name-differs" for part in Name._fields})


class RamedHeaderError(DomainError):
    """The first line of the list does not name the columns."""

    code: ClassVar[str] = "registry.ramed-header"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class Outcome(StrEnum):
    """What became of a row."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"


class RamedRow(NamedTuple):
    """A row of the list that can be read."""

    line: int
    number: str
    name_ar: Name
    name_latin: Name
    birth_date: date
    commune_code: str
    cnie: str | None

    @property
    def province_code(self) -> str:
        """Return the province of the commune."""
        return communes()[self.commune_code].province_code

    @property
    def region_code(self) -> str:
        """Return the region of the commune."""
        return communes()[self.commune_code].region_code


class MalformedRow(NamedTuple):
    """A row that cannot be read, and why."""

    line: int
    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """What a row is compared with."""

    name_ar: Name
    name_latin: Name
    birth_date: date
    province_code: str
    commune_code: str
    cnie: str | None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much speaks for a person being the one of a row, and what."""

    score: int
    reasons: tuple[str, ...]


NOBODY_LIKE_THIS = Likeness(0, ("nobody-like-this",))


@dataclass(frozen=True, slots=True)
class _Rules:
    threshold: int
    lead: int
    name_min: int
    points: Mapping[str, int]


@cache
def _rules() -> _Rules:
    text = files(__package__).joinpath("ramed.toml").read_text("utf-8")
    document = tomllib.loads(text)
    figures = {name: entry["value"] for name, entry in document["matching"].items()}
    return _Rules(**figures, points=document["points"])


def read_rows(
    lines: Sequence[str], *, first_line: int, today: date
) -> Iterator[RamedRow | MalformedRow]:
    """Read lines of the list, the header not among them.

    Args:
        lines: The lines, without their ends.
        first_line: The number of the first of them in the list.
        today: The day after which nobody is born.
    """
    for line, text in enumerate(lines, start=first_line):
        yield _read_row(line, text, today)


def repeated_lines(lines: Iterable[str], *, first_line: int) -> set[int]:
    """Return which lines of a list have the number of an earlier one.

    Args:
        lines: All its lines, the header not among them.
        first_line: The number of the first of them in the list.
    """
    seen: set[str] = set()
    repeated = set()
    for line, text in enumerate(lines, start=first_line):
        values = _values(text) or [""]
        number = values[0].strip()
        if number in seen:
            repeated.add(line)
        elif number:
            seen.add(number)
    return repeated


def likeness_to_row(person: RegisteredPerson, row: RamedRow) -> Likeness | None:
    """Return how much speaks for a person being the one of a row; None if the name is another's."""
    rules = _rules()
    given = _part_likeness(person, row, part=0)
    family = _part_likeness(person, row, part=1)
    card = _card(person.cnie, row.cnie)
    if min(given, family) < rules.name_min:
        return None
    reasons = [
        name_code("given", given),
        name_code("family", family),
        *card,
        *birth_codes(person.birth_date, row.birth_date),
        *nearness_codes(person, row),
    ]
    return Likeness(sum(rules.points[reason] for reason in reasons), tuple(reasons))


def why_unknown(row: RamedRow, persons: Iterable[RegisteredPerson]) -> Likeness:
    """Return what fits and what does not of whom a row comes nearest to, though it names nobody.

    Args:
        row: The row.
        persons: Those who were compared; who shares neither a part of the name nor the card is not
            near.
    """
    points = _rules().points
    misses = [
        (sum(points.get(code, 0) for code in codes), codes)
        for codes in (tuple(_fits_and_misfits(person, row)) for person in persons)
        if not _NEAR.isdisjoint(codes)
    ]
    if not misses:
        return NOBODY_LIKE_THIS
    score, codes = max(misses)
    return Likeness(0 if _NAME_DIFFERS.intersection(codes) else score, codes)


def outcome_of(scores: Sequence[int]) -> tuple[Outcome, int]:
    """Return what becomes of a row, and how many of its best likenesses it fits.

    Args:
        scores: Of everybody who was compared, the highest first.
    """
    rules = _rules()
    fitting = [score for score in scores if score >= rules.threshold]
    if not fitting:
        return Outcome.UNKNOWN, 0
    close = [score for score in fitting if fitting[0] - score < rules.lead]
    return (Outcome.MATCHED, 1) if len(close) == 1 else (Outcome.AMBIGUOUS, len(close))


def _read_row(line: int, text: str, today: date) -> RamedRow | MalformedRow:
    if len(text) > LINE_CHARACTERS_MAX:
        return MalformedRow(line, "", "line-too-long")
    values = _values(text)
    if values is None:
        return MalformedRow(line, "", "not-csv")
    if len(values) != len(COLUMNS):
        return MalformedRow(line, "", "columns-missing")
    number = values[0].strip()[:NUMBER_CHARACTERS_MAX]
    reason = _wrong(values)
    if reason:
        return MalformedRow(line, number, reason)
    born = _day(values[5])
    if born is None or not EARLIEST_BIRTH <= born <= today:
        return MalformedRow(line, number, "birth-date-invalid")
    _, given_ar, family_ar, given_latin, family_latin, _, commune, cnie = values
    return RamedRow(
        line,
        number,
        Name(given_ar, family_ar),
        Name(given_latin, family_latin),
        born,
        commune,
        cnie.strip().upper() or None,
    )


def _values(text: str) -> list[str] | None:
    try:
        (values,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        return None
    return values


def _wrong(values: Sequence[str]) -> str:
    number, given_ar, family_ar, given_latin, family_latin, _, commune, _ = values
    if any(len(value) > VALUE_CHARACTERS_MAX or not value.isprintable() for value in values):
        return "value-invalid"
    if not number or len(number) > NUMBER_CHARACTERS_MAX:
        return "number-invalid"
    if not ((given_ar and family_ar) or (given_latin and family_latin)):
        return "name-missing"
    return "" if commune in communes() else "commune-unknown"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _part_likeness(person: RegisteredPerson, row: RamedRow, *, part: int) -> int:
    """Return how alike one part of two names is; the list may lack a script."""
    alike = [
        likeness(mine[part], theirs[part])
        for mine, theirs in (
            (person.name_ar, row.name_ar),
            (person.name_latin, row.name_latin),
        )
        if theirs[part]
    ]
    return (sum(alike) + max(alike)) // (len(alike) + 1) if alike else 0


def _fits_and_misfits(person: RegisteredPerson, row: RamedRow) -> Iterator[str]:
    for place, part in enumerate(Name._fields):
        alike = _part_likeness(person, row, part=place)
        known = alike >= _rules().name_min
        yield name_code(part, alike) if known else f"{part}-name-differs"
    yield from _card(person.cnie, row.cnie)
    yield from tuple(birth_codes(person.birth_date, row.birth_date)) or ("birth-date-differs",)
    yield from tuple(nearness_codes(person, row)) or ("province-differs",)


def _card(mine: str | None, theirs: str | None) -> Iterator[str]:
    if mine is None or theirs is None:
        return
    if mine == theirs:
        yield "card-same"
    else:
        yield "card-one-slip" if one_slip_apart(mine, theirs) else "cards-differ"
