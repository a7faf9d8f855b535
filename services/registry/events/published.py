"""The events of the registry: pseudonymous, and sealed where one consumer must know more."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.registry.domain.vocabulary import (
    Activity,
    Dwelling,
    Education,
    HealthCover,
    Kinship,
    Language,
    Milieu,
    Occupation,
    PersonStatus,
    Schooling,
    Sector,
    Sex,
)
from shared.messaging.envelope import PublishedItem

SOURCE = "/registry"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordedMember(_Part):
    """A member of a household, known by pseudonym, with what was declared about them."""

    person_id: UUID
    birth_date: date
    sex: Sex
    kinship: Kinship
    head: bool
    declarant: bool
    schooling: Schooling
    education: Education
    literate: bool
    activity: Activity
    occupation: Occupation
    sector: Sector
    health_cover: HealthCover
    orphan_of_father: bool
    severe_disability: bool
    birth_rank: int | None
    pension: bool


class RecordedFacts(_Part):
    """What was declared about a household as a whole; amounts in centimes a year."""

    dwelling: Dwelling
    rooms: int
    family_nuclei: int
    bath_or_shower: bool
    electricity_meter: bool
    computer: bool
    satellite_dish: bool
    fixed_telephone: bool
    bank_loan: bool
    secondary_dwelling: bool
    garage: bool
    business_premises: bool
    mobile_phones: int
    cars: int
    motorcycles: int
    non_agricultural_land: bool
    irrigated_land: bool
    cows: int
    butane_yearly_centimes: int
    water_electricity_yearly_centimes: int
    phone_internet_yearly_centimes: int
    family_allowances: bool


class RecordedAttestation(_Part):
    """A fact about a member that another administration vouches for."""

    person_id: UUID
    fact: str
    value: bool | int | str
    source: str
    valid_from: date
    valid_to: date | None = None
    """The last day on which it is true; none is known if this is null."""


class RecordedApplication(_Part):
    """A request to a programme that came with the declaration."""

    programme: str
    applied_on: date


class HouseholdRecorded(PublishedItem):
    """A household was recorded, for the first time or anew."""

    TYPE: ClassVar[str] = "registry.households-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    valid_from: date
    region_code: str
    province_code: str
    commune_code: str
    milieu: Milieu
    members: list[RecordedMember]
    facts: RecordedFacts
    attestations: list[RecordedAttestation]
    applications: list[RecordedApplication]


class ContactRecorded(PublishedItem):
    """How a household may be reached; `phone` is sealed for notifications alone."""

    TYPE: ClassVar[str] = "registry.contacts-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: str
    language: Language
    review_date: date
    phone: str | None


class PayeeRecorded(PublishedItem):
    """The account a household is paid to; `name` and `account` are sealed for payments alone."""

    TYPE: ClassVar[str] = "registry.payees-recorded.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: str
    member_ids: list[UUID]
    collector_id: UUID
    kind: str
    name: str
    account: str


class HouseholdDissolved(PublishedItem):
    """Nobody lives in a household any more: its last member left or died, or it joined another."""

    TYPE: ClassVar[str] = "registry.households-dissolved.v1"
    SUBJECT: ClassVar[str] = "household_id"

    household_id: UUID
    version: int
    region_code: str
    dissolved_on: date
    into: UUID | None
    """The household that its members joined together; null unless two were merged."""


class PersonStatusChanged(PublishedItem):
    """A person's registration stands otherwise than before: they died, say, or were suspended."""

    TYPE: ClassVar[str] = "registry.persons-status-changed.v1"
    SUBJECT: ClassVar[str] = "person_id"

    person_id: UUID
    version: int
    region_code: str
    status: PersonStatus
    effective_on: date
    """The first day on which the status is true."""
