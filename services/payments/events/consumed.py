"""What this service wishes to hear from others, and no field more."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.messaging.envelope import ConsumedItem

MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
CODE = r"^[a-z0-9][a-z0-9_.-]{0,79}$"
REGION = r"^\d{2}$"
COMPONENTS_MAX = 60
CENTIMES_MAX = 10**12
SEALED_CHARACTERS_MAX = 1024


class Component(BaseModel):
    """One part of a monthly amount, in centimes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = Field(pattern=CODE)
    count: int = Field(ge=0, le=1000)
    unit_centimes: int = Field(ge=-CENTIMES_MAX, le=CENTIMES_MAX)
    amount_centimes: int = Field(ge=-CENTIMES_MAX, le=CENTIMES_MAX)


class DecisionMade(ConsumedItem):
    """Eligibility decided on a household for a programme."""

    TYPE: ClassVar[str] = "eligibility.decisions-made.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int = Field(ge=1, lt=2**31)
    region_code: str = Field(pattern=REGION)
    programme: str = Field(pattern=CODE)
    decision_id: UUID
    run_id: UUID | None
    outcome: Literal["eligible", "refused"]
    effective_month: str = Field(pattern=MONTH)
    components: tuple[Component, ...] = Field(max_length=COMPONENTS_MAX)
    amount_centimes: int = Field(ge=0, le=CENTIMES_MAX)
    decided_on: date


class RunCompleted(ConsumedItem):
    """Eligibility re-assessed everybody for a month, and says what came out."""

    TYPE: ClassVar[str] = "eligibility.runs-completed.v1"
    SUBJECT: ClassVar[str] = "run_id"

    run_id: UUID
    month: str = Field(pattern=MONTH)
    programme: str = Field(pattern=CODE)
    events: int = Field(ge=0, lt=2**31)
    items: int = Field(ge=0, lt=2**31)
    households: int = Field(ge=0, lt=2**31)
    amount_centimes: int = Field(ge=0)


class PayeeRecorded(ConsumedItem):
    """The registry recorded who collects a household's aid, and on which account."""

    TYPE: ClassVar[str] = "registry.payees-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int = Field(ge=1, lt=2**31)
    region_code: str = Field(pattern=REGION)
    collector_id: UUID
    kind: str = Field(pattern=CODE)
    name: str = Field(max_length=SEALED_CHARACTERS_MAX)
    account: str = Field(max_length=SEALED_CHARACTERS_MAX)


class ContactRecorded(ConsumedItem):
    """The registry recorded a household anew; only where it lives is read."""

    TYPE: ClassVar[str] = "registry.contacts-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int = Field(ge=1, lt=2**31)
    region_code: str = Field(pattern=REGION)
