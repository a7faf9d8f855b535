"""What other administrations vouch for: which of their words outrank a declaration, and since when.

The rules, with the words in Arabic and French for what they replace, stand in
`policy/attestations.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from services.eligibility.domain.law import read_policy


class Subject(StrEnum):
    """Whose fact is replaced: the member's of whom it is attested, or their household's."""

    MEMBER = "member"
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Words:
    """A term in both languages that a citizen reads."""

    ar: str
    fr: str


@dataclass(frozen=True, slots=True)
class AttestedFact:
    """A declared fact that an attestation may replace, and what its values are called."""

    name: str
    subject: Subject
    label: Words
    values: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Rule:
    """From a day on, a source's word on a fact outranks the declared one, for some values.

    `rank` breaks ties between attestations of one day: the lower one counts.
    """

    fact: str
    source: str
    values: frozenset[str]
    valid_from: date
    rank: int
    law: str
    assumption: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class AttestationPolicy:
    """All rules there ever were, the strongest first, and what they speak of."""

    facts: Mapping[str, AttestedFact]
    sources: Mapping[str, Words]
    rules: tuple[Rule, ...]

    def on(self, day: date) -> tuple[Rule, ...]:
        """Return the rules in force on a day: of each fact and source the newest."""
        newest: dict[tuple[str, str], Rule] = {}
        for rule in self.rules:
            known = newest.get((rule.fact, rule.source))
            if rule.valid_from <= day and (known is None or known.valid_from < rule.valid_from):
                newest[rule.fact, rule.source] = rule
        return tuple(newest.values())

    @property
    def values(self) -> frozenset[str]:
        """Return every value that some rule takes, as text."""
        return frozenset().union(*(rule.values for rule in self.rules))


@cache
def attestation_policy() -> AttestationPolicy:
    """Return the rules of the policy file."""
    document = read_policy("attestations")
    return AttestationPolicy(
        facts=MappingProxyType(
            {name: _fact(name, entry) for name, entry in document["facts"].items()}
        ),
        sources=MappingProxyType(
            {name: Words(**entry) for name, entry in document["sources"].items()}
        ),
        rules=tuple(_rule(entry, rank) for rank, entry in enumerate(document["rules"])),
    )


def value_text(value: object) -> str:
    """Return a value as rules write it: `true` and `false` for truths, words and numbers as is."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fact(name: str, entry: Mapping[str, Any]) -> AttestedFact:
    return AttestedFact(
        name=name,
        subject=Subject(entry["subject"]),
        label=Words(ar=entry["ar"], fr=entry["fr"]),
        values=MappingProxyType(
            {value: Words(**words) for value, words in entry["values"].items()}
        ),
    )


def _rule(entry: Mapping[str, Any], rank: int) -> Rule:
    return Rule(
        fact=entry["fact"],
        source=entry["source"],
        values=frozenset(entry["values"]),
        valid_from=entry["valid_from"],
        rank=rank,
        law=entry["law"],
        assumption=entry["assumption"],
        note=entry.get("note"),
    )
