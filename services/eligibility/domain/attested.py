"""Attestations before declarations for one household in plain Python, with what each replaced.

This is what an explanation shows, and the yardstick of `outranking`: neither uses the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.eligibility.domain.attestations import (
    AttestedFact,
    Rule,
    Subject,
    Words,
    attestation_policy,
    value_text,
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attested:
    """A declared fact that an attestation replaced; values are written as rules write them."""

    person_id: UUID
    fact: AttestedFact
    declared: str
    value: str
    source: str
    valid_from: date
    rule: Rule

    @property
    def sentence(self) -> Words:
        """Return the fact, its value, its source and its date in words for citizens."""
        value = self.fact.values[self.value]
        source = attestation_policy().sources[self.source]
        since = f"{self.valid_from:%d/%m/%Y}"
        return Words(
            ar=f"{self.fact.label.ar}: {value.ar}، حسب {source.ar}، ابتداء من {since}.",
            fr=f"{self.fact.label.fr} : {value.fr}, d'après {source.fr}, à partir du {since}.",
        )


@dataclass(frozen=True, slots=True)
class AttestedHousehold:
    """A household's facts after attestations, and which of them were replaced."""

    household: Row
    members: Sequence[Row]
    replaced: tuple[Attested, ...]


def with_attestations(
    household: Row, members: Sequence[Row], attestations: Sequence[Row], *, on: date
) -> AttestedHousehold:
    """Return one household with the attested facts in the place of the declared ones.

    Args:
        household: The fields of `HOUSEHOLD_COLUMNS`.
        members: The fields of `MEMBER_COLUMNS` and `person_id`, one mapping a member.
        attestations: `person_id`, `fact`, `value`, `source`, `valid_from`, `valid_to`, in their
            order.
        on: The day of assessment, whose rules apply.
    """
    replaced: list[Attested] = []
    listed = []
    of_household: dict[str, bool] = {}
    for member in members:
        own = dict(member)
        for one in _counting(member, household, attestations, on=on):
            name, replaces = one.fact.name, _typed(one)
            if one.fact.subject is Subject.MEMBER:
                own[name] = replaces
            else:
                # A household's fact holds as soon as it is attested of any of its members.
                of_household[name] = of_household.get(name, False) or bool(replaces)
            replaced.append(one)
        listed.append(own)
    return AttestedHousehold({**household, **of_household}, listed, tuple(replaced))


def _counting(
    member: Row, household: Row, attestations: Sequence[Row], *, on: date
) -> list[Attested]:
    """Return the attestation that counts for each fact of a member, by the facts' names."""
    best: dict[str, tuple[date, int, int]] = {}
    found: dict[str, Attested] = {}
    for place, row in enumerate(attestations):
        rule = _rule_for(row, on=on)
        if rule is None or row["person_id"] != member["person_id"]:
            continue
        strength = (row["valid_from"], -rule.rank, place)
        if rule.fact in best and best[rule.fact] >= strength:
            continue
        fact = attestation_policy().facts[rule.fact]
        declared = (member if fact.subject is Subject.MEMBER else household)[fact.name]
        best[rule.fact] = strength
        found[rule.fact] = Attested(
            person_id=member["person_id"],
            fact=fact,
            declared=value_text(declared),
            value=value_text(row["value"]),
            source=row["source"],
            valid_from=row["valid_from"],
            rule=rule,
        )
    return [found[name] for name in sorted(found)]


def _rule_for(row: Row, *, on: date) -> Rule | None:
    """Return the rule by which an attestation counts on a day, None if it does not."""
    has_ended = row["valid_to"] is not None and row["valid_to"] < on
    if has_ended or row["valid_from"] > on:
        return None
    for rule in attestation_policy().on(on):
        is_meant = (rule.fact, rule.source) == (row["fact"], row["source"])
        if is_meant and value_text(row["value"]) in rule.values:
            return rule
    return None


def _typed(attested: Attested) -> bool | str:
    """Return an attested value in the type of the declared one."""
    is_truth = attested.declared in ("true", "false")
    return attested.value == "true" if is_truth else attested.value
