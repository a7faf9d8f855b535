"""What other services tell, as far as this one reads it."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messaging.envelope import ConsumedItem

RegionCode = Annotated[str, Field(min_length=1, max_length=8)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Code = Annotated[str, Field(min_length=1, max_length=80)]
Centimes = Annotated[int, Field(ge=0, le=10**12)]


class ContactRecorded(ConsumedItem):
    """The registry recorded how a household is reached; `phone` is sealed for us."""

    TYPE: ClassVar[str] = "registry.contacts-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: RegionCode
    language: Literal["ar", "fr"]
    review_date: date | None = None
    phone: Annotated[str, Field(max_length=500)] | None


class HouseholdAssessed(ConsumedItem):
    """Eligibility computed a household's index: exact, ten decimal places."""

    TYPE: ClassVar[str] = "eligibility.households-assessed.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: RegionCode
    index: Annotated[Decimal, Field(max_digits=13, decimal_places=10)]
    assessed_on: date


class DecisionMade(ConsumedItem):
    """Eligibility decided on one programme for one household."""

    TYPE: ClassVar[str] = "eligibility.decisions-made.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: RegionCode
    programme: Code
    outcome: Literal["eligible", "refused"]
    effective_month: Month
    reasons: Annotated[list[Code], Field(max_length=20)]
    amount_centimes: Centimes


class InstructionChanged(ConsumedItem):
    """Payments moved an instruction to another state."""

    TYPE: ClassVar[str] = "payments.instructions-changed.v1"
    SUBJECT: ClassVar[str] = "instruction_id"

    instruction_id: UUID
    household_id: UUID
    version: int
    region_code: RegionCode
    programme: Code
    month: Month
    state: Code
    net_centimes: Centimes
    fee_cap_centimes: Centimes | None
