"""Counts of what stands, by region: which of them callers of single regions are not shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.kernel.small_counts import Counts, hidden_among, total_shown

MEASURES = 2


class OutcomeKind(NamedTuple):
    """What households are counted by."""

    programme: str
    standing: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands in every region of the country.

    `households`: households, and how many of them have an index. `outcomes`: households that stand
    so, and their monthly sum in centimes.
    """

    households: Mapping[str, Counts]
    outcomes: Mapping[OutcomeKind, Mapping[str, Counts]]


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many households stand so, and their monthly sum in centimes; None where hidden."""

    kind: OutcomeKind
    households: int | None
    amount_centimes: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller is shown; None stands for a count that is hidden."""

    households: int | None
    indexes: int | None
    outcomes: Sequence[OutcomeCount]


def shown(counted: Counted, regions: Collection[str] | None, *, cell_min: int) -> Shown:
    """Return what is shown of some regions; None for the whole country, which is never hidden.

    The outcomes on a programme add up to the households with an index, so a region shows all of
    them or none.
    """
    hidden = _hidden_households(counted, cell_min=cell_min)
    households, indexes = total_shown(
        counted.households, regions, hidden=hidden, measures=MEASURES
    ) or (None, None)
    outcomes = []
    for kind, rows in sorted(counted.outcomes.items()):
        unseen = hidden | _hidden_outcomes(counted, kind.programme, cell_min=cell_min)
        number, amount = total_shown(rows, regions, hidden=unseen, measures=MEASURES) or (
            None,
            None,
        )
        outcomes.append(OutcomeCount(kind, number, amount))
    return Shown(households, indexes, outcomes)


def _hidden_households(counted: Counted, *, cell_min: int) -> set[str]:
    siblings = {
        region: (households, indexes, households - indexes)
        for region, (households, indexes) in counted.households.items()
    }
    return hidden_among(siblings, cell_min=cell_min)


def _hidden_outcomes(counted: Counted, programme: str, *, cell_min: int) -> set[str]:
    kinds = [kind for kind in counted.outcomes if kind.programme == programme]
    siblings = {}
    for region, (_, indexes) in counted.households.items():
        parts = [counted.outcomes[kind].get(region, (0, 0))[0] for kind in kinds]
        siblings[region] = (*parts, indexes - sum(parts))
    return hidden_among(siblings, cell_min=cell_min)
