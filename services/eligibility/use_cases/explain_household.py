"""Explain a household: its index variable by variable, its outcomes with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.eligibility.domain.attested import Attested, with_attestations
from services.eligibility.domain.formula import Formula, formula_versions
from services.eligibility.domain.reasons import Reason, reasons_by_code
from services.eligibility.domain.replay import Replay, replay_index
from services.eligibility.storage.explanations import (
    FactVersion,
    StandingAssessment,
    StandingOutcome,
    read_assessment,
    read_fact_version,
    read_outcomes,
)
from services.eligibility.use_cases.collaborators import Collaborators
from services.eligibility.use_cases.refusals import HouseholdUnknownError
from shared.storage.database import RowScope

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExplainedOutcome:
    """An outcome with its reasons in words."""

    outcome: StandingOutcome
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An index taken apart on the facts it was computed from, and what follows from it."""

    assessment: StandingAssessment
    formula: Formula
    replay: Replay
    attested: Sequence[Attested]
    outcomes: Sequence[ExplainedOutcome]

    @property
    def replay_agrees(self) -> bool:
        """Return whether the index computed again is the stored one, to the last place."""
        return self.replay.index == self.assessment.index_points


async def explain_household(
    household_id: UUID, *, scope: RowScope, collaborators: Collaborators
) -> Explanation:
    """Return the explanation of a household's newest index and outcomes.

    The index is computed again from the pinned version of the facts, under the formula it was
    computed with; a disagreement is logged as an error and shown.

    Raises:
        HouseholdUnknownError: It was never assessed, or lives out of the caller's regions.
    """
    async with collaborators.database.snapshot(scope) as tx:
        assessment = await read_assessment(tx, household_id)
        if assessment is None:
            message = "There is no such household."
            raise HouseholdUnknownError(message)
        facts = await read_fact_version(tx, household_id, version=assessment.fact_version)
        outcomes = await read_outcomes(tx, household_id)
    formula = formula_versions()[assessment.formula_version]
    attested = with_attestations(
        facts.household, facts.members, facts.attestations, on=assessment.assessed_on
    )
    explanation = Explanation(
        assessment=assessment,
        formula=formula,
        replay=replay_index(
            attested.household, attested.members, formula=formula, on=assessment.assessed_on
        ),
        attested=_attested_at_last(facts, assessment, outcomes),
        outcomes=[_explained(outcome) for outcome in outcomes],
    )
    if not explanation.replay_agrees:
        log.error("replay-disagrees", formula_version=formula.version)
    return explanation


def _attested_at_last(
    facts: FactVersion, assessment: StandingAssessment, outcomes: Sequence[StandingOutcome]
) -> Sequence[Attested]:
    """Return what attestations replaced when the household was last assessed or decided on.

    A run that finds the same index writes no new assessment, and may still decide otherwise. A
    dissolution decides too, but on no facts.
    """
    decided = [
        outcome.decided_on
        for outcome in outcomes
        if outcome.fact_version == assessment.fact_version
    ]
    last = max([assessment.assessed_on, *decided])
    return with_attestations(facts.household, facts.members, facts.attestations, on=last).replaced


def _explained(outcome: StandingOutcome) -> ExplainedOutcome:
    known = reasons_by_code()
    return ExplainedOutcome(outcome, [known[code] for code in outcome.reasons])
