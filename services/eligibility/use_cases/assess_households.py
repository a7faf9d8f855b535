"""Assess a chunk of households and decide on them: read, compute, append and tell what changed."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from services.eligibility.domain.changes import Changes, Standings, changes
from services.eligibility.domain.dissolution import with_dissolved
from services.eligibility.domain.exact import index_points
from services.eligibility.domain.index import assess
from services.eligibility.domain.outcomes import Terms, decide, threshold_units
from services.eligibility.domain.outranking import outrank
from services.eligibility.domain.vocabulary import Programme
from services.eligibility.storage.facts import FactFrames, read_facts
from services.eligibility.storage.standing import (
    append_assessments,
    append_outcomes,
    read_standings,
)
from services.eligibility.use_cases.emissions import tell_assessments, tell_decisions
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.storage.database import Transaction

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and when households are assessed.

    Attributes:
        on: The day whose law and ages apply, in Casablanca.
        at: The business instant, in UTC.
        months: The programmes to decide, each with the first month of effect.
        run_id: The run, or None when new facts are the occasion.
    """

    on: date
    at: datetime
    months: Mapping[Programme, date]
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Emitted:
    """How many decisions were told, in how many events."""

    events: int
    items: int


async def assess_households(
    tx: Transaction, ids: Sequence[UUID], *, occasion: Occasion, metrics: Metrics
) -> Emitted:
    """Assess households on their newest facts, and append and tell whatever changed.

    The caller has locked them. The computing happens in a thread, so that the process goes on
    answering.
    """
    if not ids:
        return Emitted(0, 0)
    facts = await read_facts(tx, ids)
    programmes = [str(programme) for programme in occasion.months]
    standings = await read_standings(tx, ids, programmes=programmes)
    changed = await asyncio.to_thread(compute, facts, standings, occasion)
    assessments = list(_assessment_rows(changed, ids, occasion))
    outcomes = list(_outcome_rows(changed, ids, occasion))
    await append_assessments(tx, assessments)
    await append_outcomes(tx, (row for row, _ in outcomes))
    await tell_assessments(tx, assessments, at=occasion.at)
    events, items = await tell_decisions(tx, outcomes, at=occasion.at)
    _count(metrics, assessments, [terms for _, terms in outcomes])
    return Emitted(events, items)


def compute(facts: FactFrames, standings: Standings, occasion: Occasion) -> Changes:
    """Return what changed for a chunk: pure, and the only part that takes the processor."""
    households, members = outrank(
        facts.households, facts.members, facts.attestations, on=occasion.on
    )
    assessed = assess(households, members, on=occasion.on)
    outcomes = decide(assessed, members, facts.applications, on=occasion.on, months=occasion.months)
    outcomes = with_dissolved(
        outcomes, facts.dissolved, facts.applications, programmes=occasion.months
    )
    return changes(assessed, outcomes, standings, dissolved=facts.dissolved, months=occasion.months)


def _assessment_rows(changed: Changes, ids: Sequence[UUID], occasion: Occasion) -> Iterator[Row]:
    for row in changed.assessments.iter_rows(named=True):
        household_id = ids[row["household"]]
        yield {
            "household_id": household_id,
            "version": row["version"],
            "region_code": row["region_code"],
            "fact_version": row["fact_version"],
            "milieu": row["milieu"],
            "formula_version": row["formula_version"],
            "index_points": index_points(row["index_units"]),
            "assessed_on": occasion.on,
            "assessed_at": occasion.at,
            "run_id": occasion.run_id,
        }


def _outcome_rows(
    changed: Changes, ids: Sequence[UUID], occasion: Occasion
) -> Iterator[tuple[Row, Terms]]:
    told = [_told(terms, occasion) for terms in changed.terms]
    # Ids of one chunk count up from a fresh one (RFC 9562, 6.2): one draw of randomness for all.
    decision_ids = count(new_id().int)
    for row in changed.outcomes.iter_rows(named=True):
        household_id = ids[row["household"]]
        yield (
            told[row["terms"]]
            | {
                "household_id": household_id,
                "version": row["version"],
                "decision_id": UUID(int=next(decision_ids)),
                "region_code": row["region_code"],
                "fact_version": row["fact_version"],
                "assessment_version": row["assessment_version"],
            },
            changed.terms[row["terms"]],
        )


def _told(terms: Terms, occasion: Occasion) -> Row:
    """Return the columns that all households with the same terms share."""
    return {
        "programme": terms.programme.value,
        "standing": terms.standing.value,
        "outcome": terms.outcome.value,
        "reasons": terms.reasons,
        "components": terms.components_json,
        "amount_centimes": terms.amount_centimes,
        "terms_digest": terms.digest,
        "threshold_points": index_points(threshold_units(terms.programme, on=occasion.on)),
        "effective_month": occasion.months[terms.programme],
        "decided_on": occasion.on,
        "decided_at": occasion.at,
        "run_id": occasion.run_id,
    }


def _count(metrics: Metrics, assessments: Sequence[Row], decided: Sequence[Terms]) -> None:
    indexes = metrics.counter(
        "sanad_eligibility_assessments_total", "Indexes computed that were new.", ("milieu",)
    )
    for milieu, number in Counter(row["milieu"] for row in assessments).items():
        indexes.labels(milieu).inc(number)
    outcomes = metrics.counter(
        "sanad_eligibility_outcomes_total",
        "Outcomes that were new.",
        ("programme", "standing", "outcome"),
    )
    kinds = Counter((terms.programme, terms.standing, terms.outcome) for terms in decided)
    for kind, number in kinds.items():
        outcomes.labels(*(word.value for word in kind)).inc(number)
