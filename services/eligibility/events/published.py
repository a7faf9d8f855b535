"""What this service promises to others."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.eligibility.domain.vocabulary import Milieu, Outcome, Programme
from shared.messaging.envelope import PublishedItem

SOURCE = "/eligibility"


class HouseholdAssessed(PublishedItem):
    """A household has an index; `index` is exact, with ten places, in index points."""

    TYPE: ClassVar[str] = "eligibility.households-assessed.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: str
    milieu: Milieu
    index: str
    formula_version: str
    assessed_on: date


class DecisionComponent(BaseModel):
    """One line of a monthly amount: so many times so much, in centimes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    count: int
    unit_centimes: int
    amount_centimes: int


class DecisionMade(PublishedItem):
    """A programme was decided for a household that applied.

    `version` grows with every decision on the same household and programme; the decision holds
    from `effective_month` (`2026-11`) until a later version's. `amount_centimes` is monthly.
    """

    TYPE: ClassVar[str] = "eligibility.decisions-made.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: str
    programme: Programme
    decision_id: UUID
    run_id: UUID | None
    outcome: Outcome
    effective_month: str
    reasons: tuple[str, ...]
    components: tuple[DecisionComponent, ...]
    amount_centimes: int
    decided_on: date


class RunCompleted(PublishedItem):
    """A run has decided every household on file.

    `events` and `items` count what the run itself emitted; `households` and `amount_centimes`
    what stands as eligible for `month`, whoever decided it.
    """

    TYPE: ClassVar[str] = "eligibility.runs-completed.v1"
    SUBJECT: ClassVar[str] = "run_id"

    run_id: UUID
    version: int
    month: str
    programme: Programme
    events: int
    items: int
    households: int
    amount_centimes: int
