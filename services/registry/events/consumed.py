"""What this service reads of others, the index of each household, and of what it said itself."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messaging.envelope import ConsumedItem

VERSION_MAX = 2**31 - 1
FORMULA_CHARACTERS_MAX = 40
# The column that keeps it: 13 digits, 10 of them decimal places.
IndexPoints = Annotated[Decimal, Field(max_digits=13, decimal_places=10)]


class HouseholdAssessed(ConsumedItem):
    """Eligibility computed a household's index; it is exact, in index points."""

    TYPE: ClassVar[str] = "eligibility.households-assessed.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    region_code: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])$")]
    milieu: Literal["urban", "rural"]
    index: IndexPoints
    formula_version: Annotated[str, Field(min_length=1, max_length=FORMULA_CHARACTERS_MAX)]
    assessed_on: date


class OwnHousehold(ConsumedItem):
    """A household was recorded; whoever subscribed to that is told what happened in it."""

    TYPE: ClassVar[str] = "registry.households-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]


class OwnPersonStatus(ConsumedItem):
    """A person's status changed; whoever subscribed to deaths is told if it is one."""

    TYPE: ClassVar[str] = "registry.persons-status-changed.v1"
    SUBJECT: ClassVar[str] = "person_id"

    person_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    status: str
