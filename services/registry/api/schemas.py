"""What the registry answers."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

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


class ImportView(BaseModel):
    """A file of declarations and how far it is; the counts of lines done add up."""

    job_id: UUID
    state: Literal["receiving", "received", "applying", "completed", "failed"]
    failure_code: str | None
    lines_total: int
    lines_done: int
    persons_recorded: int
    households_recorded: int
    unchanged: int
    rejected: int
    created_at: datetime
    completed_at: datetime | None


class RejectView(BaseModel):
    """Why a line was refused: the line from 1, the field in it, and a stable code."""

    line: int
    field: str
    code: str


class RejectPage(BaseModel):
    """Refusals in the order of their lines."""

    items: list[RejectView]
    next_cursor: str | None


class HouseholdFacts(BaseModel):
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


class MemberFacts(BaseModel):
    """What was declared about a member."""

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


class MemberView(BaseModel):
    """A member of a household, by pseudonym."""

    person_id: UUID
    birth_date: date
    sex: Sex
    kinship: Kinship
    head: bool
    declarant: bool
    facts: MemberFacts


class HouseholdView(BaseModel):
    """A household as it was on a day, as known at an instant."""

    household_id: UUID
    version: int
    region_code: str
    province_code: str
    commune_code: str
    milieu: Milieu
    language: Language
    facts: HouseholdFacts
    members: list[MemberView]
    review_on: date
    valid_from: date
    recorded_at: datetime
    state: Literal["standing", "dissolved"]


class NameView(BaseModel):
    """A name in one script."""

    given: str
    family: str


class PersonView(BaseModel):
    """A person as they were on a day, as known at an instant; identifiers are not disclosed."""

    person_id: UUID
    version: int
    name_ar: NameView
    name_latin: NameView
    sex: Sex
    birth_date: date
    birth_commune_code: str | None
    nationality: str
    region_code: str
    province_code: str
    commune_code: str
    status: PersonStatus
    household_id: UUID | None
    valid_from: date
    recorded_at: datetime
