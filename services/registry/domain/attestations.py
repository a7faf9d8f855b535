"""What other administrations may vouch for: sources, the facts of each, and a fact's values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from services.registry.domain.checks import EARLIEST_DATE
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import Activity, Education, HealthCover, Schooling

ITEMS_MAX = 1_000

_WORDS: Mapping[str, type[StrEnum]] = MappingProxyType(
    {
        "activity": Activity,
        "education": Education,
        "health_cover": HealthCover,
        "schooling": Schooling,
    }
)
"""The facts that are words; all others are yes or no."""


@dataclass(frozen=True, slots=True)
class Source:
    """An administration that vouches for facts."""

    ar: str
    fr: str
    clients: frozenset[str]
    """The clients that report for it."""
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReportedFact:
    """What a client says of a person on behalf of a source."""

    source: str
    fact: str
    value: bool | int | str
    valid_from: date
    valid_to: date | None
    """The last day on which it is true; None if none is known."""


@cache
def sources() -> Mapping[str, Source]:
    """Return every source by its code."""
    document = tomllib.loads(files(__package__).joinpath("attestations.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            code: Source(
                ar=entry["ar"],
                fr=entry["fr"],
                clients=frozenset(entry["clients"]),
                facts=frozenset(entry["facts"]),
            )
            for code, entry in document["sources"].items()
        }
    )


def report_faults(reported: ReportedFact, *, client: str, today: date) -> Reject | None:
    """Return why a report is not taken, if it is not."""
    source = sources().get(reported.source)
    if source is None or client not in source.clients:
        return Reject("source", RejectCode.SOURCE_UNKNOWN)
    if reported.fact not in source.facts:
        return Reject("fact", RejectCode.FACT_UNKNOWN)
    if not _is_value(reported.fact, reported.value):
        return Reject("value", RejectCode.VALUE_UNKNOWN)
    return _period_fault(reported, today)


def life_fault(reported: ReportedFact, *, born_on: date, deceased_by: date | None) -> Reject | None:
    """Return why a report is not about the life of the person it names, if it is not.

    One code for both ends: it need not tell on which side of a life a day lies.

    Args:
        reported: What is said.
        born_on: The person's birth date.
        deceased_by: A day on which they were dead; None if they live.
    """
    is_dead = deceased_by is not None and reported.valid_from >= deceased_by
    if reported.valid_from < born_on or is_dead:
        return Reject("valid_from", RejectCode.ATTESTATION_OUTSIDE_LIFE)
    return None


def _is_value(fact: str, value: bool | int | str) -> bool:  # noqa: FBT001 -- a value as reported
    words = _WORDS.get(fact)
    if words is None:
        return isinstance(value, bool)
    return isinstance(value, str) and value in {word.value for word in words}


def _period_fault(reported: ReportedFact, today: date) -> Reject | None:
    if reported.valid_from > today:
        return Reject("valid_from", RejectCode.DATE_IN_FUTURE)
    if reported.valid_from < EARLIEST_DATE:
        return Reject("valid_from", RejectCode.DATE_TOO_OLD)
    if reported.valid_to is not None and reported.valid_to < reported.valid_from:
        return Reject("valid_to", RejectCode.PERIOD_REVERSED)
    return None
