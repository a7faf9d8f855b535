"""Bodies of requests and answers. Index points are strings with ten places, amounts centimes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.eligibility.domain.attested import Attested
from services.eligibility.domain.months import write_month
from services.eligibility.domain.outcomes import Component
from services.eligibility.domain.reasons import Reason
from services.eligibility.domain.replay import Contribution
from services.eligibility.domain.vocabulary import Milieu, Outcome, Programme, Standing
from services.eligibility.storage.runs import Run
from services.eligibility.use_cases.explain_household import ExplainedOutcome, Explanation
from services.eligibility.use_cases.read_run import RunProgress
from services.eligibility.use_cases.read_statistics import Statistics

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", examples=["2026-11"])]
RunState = Literal["planned", "assessing", "completed", "failed"]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewRun(_Body):
    """The month of a programme to close and to re-assess everybody for."""

    programme: Programme
    month: Month


class RunView(_Body):
    """A run; the last two fields say what stands for its month once it is completed."""

    run_id: UUID
    programme: Programme
    month: Month
    state: RunState
    households_total: int
    households_done: int
    events: int
    items: int
    households_eligible: int
    amount_centimes: int

    @classmethod
    def of(cls, run: Run, *, households_done: int = 0) -> Self:
        """Return the view of a run."""
        return cls.model_validate(
            {
                "run_id": run.run_id,
                "programme": run.programme,
                "month": write_month(run.month),
                "state": run.state,
                "households_total": run.households_total,
                "households_done": households_done,
                "events": run.events,
                "items": run.items,
                "households_eligible": run.households_eligible,
                "amount_centimes": run.amount_centimes,
            }
        )

    @classmethod
    def of_progress(cls, progress: RunProgress) -> Self:
        """Return the view of a run on its way."""
        return cls.of(progress.run, households_done=progress.households_done)


class ContributionView(_Body):
    """What one variable adds; coefficient and points are null where no source gives them."""

    variable: str
    label_ar: str
    label_fr: str
    value: str
    coefficient: str | None
    points: str | None
    note: str | None

    @classmethod
    def of(cls, part: Contribution) -> Self:
        """Return the view of a contribution."""
        coefficient = part.variable.coefficient
        return cls(
            variable=part.variable.code,
            label_ar=part.variable.label_ar,
            label_fr=part.variable.label_fr,
            value=str(part.value),
            coefficient=None if coefficient is None else str(coefficient),
            points=None if part.points is None else f"{part.points:f}",
            note=part.variable.note,
        )


class AttestedView(_Body):
    """A declared fact that an administration's word replaced, in words for citizens.

    `declared` and `attested` are values as they are written in facts; `law` is what the rule rests
    on, `note` what it assumes.
    """

    person_id: UUID
    fact: str
    declared: str
    attested: str
    source: str
    valid_from: date
    ar: str
    fr: str
    law: str
    is_assumption: bool
    note: str | None

    @classmethod
    def of(cls, attested: Attested) -> Self:
        """Return the view of a replaced fact."""
        words, rule = attested.sentence, attested.rule
        return cls(
            person_id=attested.person_id,
            fact=attested.fact.name,
            declared=attested.declared,
            attested=attested.value,
            source=attested.source,
            valid_from=attested.valid_from,
            ar=words.ar,
            fr=words.fr,
            law=rule.law,
            is_assumption=rule.assumption,
            note=rule.note,
        )


class ReasonView(_Body):
    """A reason in words; `note` says what is assumed where the law is silent."""

    code: str
    ar: str
    fr: str
    note: str | None

    @classmethod
    def of(cls, reason: Reason) -> Self:
        """Return the view of a reason."""
        return cls(code=reason.code, ar=reason.text_ar, fr=reason.text_fr, note=reason.note)


class ComponentView(_Body):
    """One line of a monthly amount."""

    code: str
    count: int
    unit_centimes: int
    amount_centimes: int


class OutcomeView(_Body):
    """Where a household stands with a programme, and why."""

    programme: Programme
    version: int
    decision_id: UUID
    standing: Standing
    outcome: Outcome
    threshold: str
    effective_month: Month
    decided_on: date
    reasons: Sequence[ReasonView]
    components: Sequence[ComponentView]
    amount_centimes: int

    @classmethod
    def of(cls, explained: ExplainedOutcome) -> Self:
        """Return the view of an outcome."""
        outcome = explained.outcome
        return cls(
            programme=Programme(outcome.programme),
            version=outcome.version,
            decision_id=outcome.decision_id,
            standing=Standing(outcome.standing),
            outcome=Outcome(outcome.outcome),
            threshold=f"{outcome.threshold_points:.10f}",
            effective_month=write_month(outcome.effective_month),
            decided_on=outcome.decided_on,
            reasons=[ReasonView.of(reason) for reason in explained.reasons],
            components=[_component(Component(**line)) for line in outcome.components],
            amount_centimes=outcome.amount_centimes,
        )


class ExplanationView(_Body):
    """A household's index taken apart: the constant, the region's term and all points add up."""

    household_id: UUID
    version: int
    index: str
    milieu: Milieu
    formula_version: str
    formula_source: str
    formula_is_assumption: bool
    assessed_on: date
    replay_agrees: bool
    constant: str
    region_term: str
    contributions: Sequence[ContributionView]
    attested: Sequence[AttestedView]
    outcomes: Sequence[OutcomeView]

    @classmethod
    def of(cls, household_id: UUID, explanation: Explanation) -> Self:
        """Return the view of an explanation."""
        assessment, formula = explanation.assessment, explanation.formula
        return cls(
            household_id=household_id,
            version=assessment.version,
            index=f"{assessment.index_points:.10f}",
            milieu=Milieu(assessment.milieu),
            formula_version=formula.version,
            formula_source=formula.source,
            formula_is_assumption=formula.assumption,
            assessed_on=assessment.assessed_on,
            replay_agrees=explanation.replay_agrees,
            constant=f"{explanation.replay.constant:.10f}",
            region_term=f"{explanation.replay.region_term:.10f}",
            contributions=[ContributionView.of(part) for part in explanation.replay.contributions],
            attested=[AttestedView.of(one) for one in explanation.attested],
            outcomes=[OutcomeView.of(explained) for explained in explanation.outcomes],
        )


class OutcomeCountView(_Body):
    """How many households stand so, and their monthly sum; null where that is hidden."""

    programme: Programme
    standing: Standing
    outcome: Outcome
    households: int | None
    amount_centimes: int | None


class StatisticsView(_Body):
    """What stands now, of the regions and programmes the caller may see; null where hidden."""

    households: int | None
    indexes: int | None
    outcomes: Sequence[OutcomeCountView]
    cell_min: int = Field(
        description="Of single regions, counts from 1 up to this one, and what would reveal them,"
        " are null."
    )
    as_of: datetime

    @classmethod
    def of(cls, statistics: Statistics) -> Self:
        """Return the view of statistics."""
        return cls(
            households=statistics.shown.households,
            indexes=statistics.shown.indexes,
            outcomes=[
                OutcomeCountView(
                    programme=Programme(row.kind.programme),
                    standing=Standing(row.kind.standing),
                    outcome=Outcome(row.kind.outcome),
                    households=row.households,
                    amount_centimes=row.amount_centimes,
                )
                for row in statistics.shown.outcomes
            ],
            cell_min=statistics.cell_min,
            as_of=statistics.as_of,
        )


def _component(component: Component) -> ComponentView:
    return ComponentView(
        code=component.code,
        count=component.count,
        unit_centimes=component.unit_centimes,
        amount_centimes=component.amount_centimes,
    )
