"""What this service reads of others: the facts of households, without names or numbers."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.eligibility.domain.vocabulary import (
    COWS_MAX,
    FAMILY_NUCLEI_MAX,
    ITEMS_OWNED_MAX,
    MEMBERS_MAX,
    ROOMS_MAX,
    SPENDING_YEARLY_CENTIMES_MAX,
)
from shared.messaging.envelope import ConsumedItem

ATTESTATIONS_MAX = 1_000
APPLICATIONS_MAX = 20
VERSION_MAX = 2**31 - 1
BIRTH_RANK_MAX = 100

Word = Annotated[str, Field(min_length=1, max_length=80)]
TerritoryCode = Annotated[str, Field(min_length=1, max_length=20)]
Owned = Annotated[int, Field(ge=0, le=ITEMS_OWNED_MAX)]
SpendingCentimes = Annotated[int, Field(ge=0, le=SPENDING_YEARLY_CENTIMES_MAX)]


# The words of `domain.vocabulary` as literals: they are checked and stay text, as tables take it.
MilieuWord = Literal["urban", "rural"]
SexWord = Literal["F", "M"]
KinshipWord = Literal["head", "spouse", "child", "parent", "sibling", "grandchild", "other"]
SchoolingWord = Literal["none", "public", "private"]
EducationWord = Literal["none", "basic", "technical", "secondary", "higher"]
ActivityWord = Literal[
    "employee",
    "employer",
    "self_employed",
    "unemployed",
    "inactive",
    "retired",
    "unearned_income",
    "child",
    "public_employee",
]
OccupationWord = Literal[
    "none",
    "senior_executive",
    "middle_manager",
    "craftsman",
    "farmer",
    "machine_operator",
    "trader",
    "other",
]
SectorWord = Literal["none", "agriculture", "industry", "trade", "services"]
HealthCoverWord = Literal["none", "ramed", "amo_tadamon", "other_scheme", "unknown"]
DwellingWord = Literal[
    "villa",
    "flat",
    "traditional_house",
    "modern_house",
    "rural_stone",
    "rural_adobe",
    "shack",
    "other",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MemberFacts(_Part):
    """What is known of a member, under a pseudonym."""

    person_id: UUID
    birth_date: date
    sex: SexWord
    kinship: KinshipWord
    head: bool
    declarant: bool
    schooling: SchoolingWord
    education: EducationWord
    literate: bool
    activity: ActivityWord
    occupation: OccupationWord
    sector: SectorWord
    health_cover: HealthCoverWord
    orphan_of_father: bool
    severe_disability: bool
    birth_rank: Annotated[int, Field(ge=1, le=BIRTH_RANK_MAX)] | None = None
    pension: bool = False


class HouseholdFacts(_Part):
    """What was declared of a household; spending in centimes a year."""

    dwelling: DwellingWord
    rooms: Annotated[int, Field(ge=0, le=ROOMS_MAX)]
    family_nuclei: Annotated[int, Field(ge=0, le=FAMILY_NUCLEI_MAX)]
    bath_or_shower: bool
    electricity_meter: bool
    computer: bool
    satellite_dish: bool
    fixed_telephone: bool
    bank_loan: bool
    secondary_dwelling: bool
    garage: bool
    business_premises: bool
    mobile_phones: Owned
    cars: Owned
    motorcycles: Owned
    non_agricultural_land: bool
    irrigated_land: bool
    cows: Annotated[int, Field(ge=0, le=COWS_MAX)]
    butane_yearly_centimes: SpendingCentimes
    water_electricity_yearly_centimes: SpendingCentimes
    phone_internet_yearly_centimes: SpendingCentimes
    family_allowances: bool = False


class Attestation(_Part):
    """A fact about a member that another administration vouches for; null: no end is known."""

    person_id: UUID
    fact: Word
    value: bool | int | Word
    source: Word
    valid_from: date
    valid_to: date | None = None


class Application(_Part):
    """A request to a programme; one for a programme not decided here is kept all the same."""

    programme: Word
    applied_on: date


class HouseholdRecorded(ConsumedItem):
    """The registry recorded a household, for the first time or anew."""

    TYPE: ClassVar[str] = "registry.households-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    valid_from: date
    region_code: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])$")]
    province_code: TerritoryCode
    commune_code: TerritoryCode
    milieu: MilieuWord
    members: Annotated[list[MemberFacts], Field(min_length=1, max_length=MEMBERS_MAX)]
    facts: HouseholdFacts
    attestations: Annotated[list[Attestation], Field(max_length=ATTESTATIONS_MAX)]
    applications: Annotated[list[Application], Field(max_length=APPLICATIONS_MAX)]

    @model_validator(mode="after")
    def _has_one_head(self) -> Self:
        if sum(member.head for member in self.members) != 1:
            message = "A household has exactly one head."
            raise ValueError(message)
        return self


class HouseholdDissolved(ConsumedItem):
    """Nobody lives in a household any more; versions are counted with those of its facts."""

    TYPE: ClassVar[str] = "registry.households-dissolved.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    region_code: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])$")]
    dissolved_on: date


class MessageSettled(ConsumedItem):
    """A message to a household arrived, or never will as far as is known."""

    TYPE: ClassVar[str] = "notifications.messages-settled.v1"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: UUID
    household_id: UUID
    version: Annotated[int, Field(ge=1, le=VERSION_MAX)]
    region_code: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])$")]
    stage: Literal["assessment", "decision", "payment"]
    outcome: Literal["delivered", "undeliverable"]
    at: datetime
