"""The tables of the eligibility service.

Facts, assessments and outcomes are append-only versions: valid time says when a fact was true,
recorded time when it became known here. Guards (row security, checks) stand in the migrations.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Numeric, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from services.eligibility.domain.exact import INDEX_PLACES
from shared.storage.tables import Instant, platform_tables, service_metadata

INDEX_DIGITS = 13
IndexPoints = Numeric(INDEX_DIGITS, INDEX_PLACES)


class EligibilityTable(SQLModel):
    """A table of this service."""

    metadata: ClassVar[MetaData] = service_metadata()


platform_tables(EligibilityTable.metadata)


class HouseholdRow(EligibilityTable, table=True):
    """A household known by pseudonym, and which version of it is the newest.

    The version is one of its facts, or its dissolution.
    """

    __tablename__ = "household"

    household_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_type=Text)
    fact_version: int


class HouseholdFactVersionRow(EligibilityTable, table=True):
    """What was declared of a household; never changed."""

    __tablename__ = "household_fact_version"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_type=Text)
    province_code: str = Field(sa_type=Text)
    commune_code: str = Field(sa_type=Text)
    milieu: str = Field(sa_type=Text)
    valid_from: date
    recorded_at: datetime = Field(sa_type=Instant)
    dwelling: str = Field(sa_type=Text)
    rooms: int = Field(sa_type=SmallInteger)
    family_nuclei: int = Field(sa_type=SmallInteger)
    bath_or_shower: bool
    electricity_meter: bool
    computer: bool
    satellite_dish: bool
    fixed_telephone: bool
    bank_loan: bool
    secondary_dwelling: bool
    garage: bool
    business_premises: bool
    mobile_phones: int = Field(sa_type=SmallInteger)
    cars: int = Field(sa_type=SmallInteger)
    motorcycles: int = Field(sa_type=SmallInteger)
    non_agricultural_land: bool
    irrigated_land: bool
    cows: int = Field(sa_type=SmallInteger)
    butane_yearly_centimes: int = Field(sa_type=BigInteger)
    water_electricity_yearly_centimes: int = Field(sa_type=BigInteger)
    phone_internet_yearly_centimes: int = Field(sa_type=BigInteger)
    family_allowances: bool


class MemberFactRow(EligibilityTable, table=True):
    """A member as one version of the facts lists them; never changed."""

    __tablename__ = "household_member_fact"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    region_code: str = Field(sa_type=Text)
    person_id: UUID
    birth_date: date
    sex: str = Field(sa_type=Text)
    kinship: str = Field(sa_type=Text)
    head: bool
    declarant: bool
    schooling: str = Field(sa_type=Text)
    education: str = Field(sa_type=Text)
    literate: bool
    activity: str = Field(sa_type=Text)
    occupation: str = Field(sa_type=Text)
    sector: str = Field(sa_type=Text)
    health_cover: str = Field(sa_type=Text)
    orphan_of_father: bool
    severe_disability: bool
    birth_rank: int | None = Field(sa_type=SmallInteger)
    pension: bool


class AttestationRow(EligibilityTable, table=True):
    """A fact that another administration vouches for, as one version came with it."""

    __tablename__ = "attestation"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    region_code: str = Field(sa_type=Text)
    person_id: UUID
    fact: str = Field(sa_type=Text)
    value: Any = Field(sa_type=JSONB, sa_column_kwargs={"nullable": False})
    source: str = Field(sa_type=Text)
    valid_from: date
    valid_to: date | None


class DissolutionRow(EligibilityTable, table=True):
    """A version of a household that says that nobody lives in it any more; never changed."""

    __tablename__ = "dissolution"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_type=Text)
    dissolved_on: date
    recorded_at: datetime = Field(sa_type=Instant)


class ApplicationRow(EligibilityTable, table=True):
    """The first request of a household to a programme: with it an outcome is a decision."""

    __tablename__ = "application"

    household_id: UUID = Field(primary_key=True)
    programme: str = Field(primary_key=True, sa_type=Text)
    region_code: str = Field(sa_type=Text)
    applied_on: date
    recorded_at: datetime = Field(sa_type=Instant)


class AssessmentRow(EligibilityTable, table=True):
    """An index, and what it can be computed again from; never changed."""

    __tablename__ = "assessment"

    household_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    region_code: str = Field(sa_type=Text)
    fact_version: int
    milieu: str = Field(sa_type=Text)
    formula_version: str = Field(sa_type=Text)
    index_points: Decimal = Field(sa_type=IndexPoints)
    assessed_on: date
    assessed_at: datetime = Field(sa_type=Instant)
    run_id: UUID | None


class OutcomeRow(EligibilityTable, table=True):
    """A decision or a prospect on one programme, with what it rests on; never changed.

    `terms_digest` stands for everything the household is told: equal digests, equal outcomes.
    """

    __tablename__ = "outcome"

    household_id: UUID = Field(primary_key=True)
    programme: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    decision_id: UUID = Field(unique=True)
    region_code: str = Field(sa_type=Text)
    standing: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    reasons: list[str] = Field(sa_type=ARRAY(Text))
    components: list[dict[str, Any]] = Field(sa_type=JSONB)
    amount_centimes: int = Field(sa_type=BigInteger)
    terms_digest: bytes = Field(sa_type=LargeBinary)
    threshold_points: Decimal = Field(sa_type=IndexPoints)
    fact_version: int
    assessment_version: int
    effective_month: date
    decided_on: date
    decided_at: datetime = Field(sa_type=Instant)
    run_id: UUID | None


class ProgrammeMonthRow(EligibilityTable, table=True):
    """The first month of a programme whose cutoff has not passed."""

    __tablename__ = "programme_month"

    programme: str = Field(primary_key=True, sa_type=Text)
    open_month: date


class NoticeRow(EligibilityTable, table=True):
    """The newest word on a message that told a household of an assessment or a decision."""

    __tablename__ = "notice"
    __table_args__ = (Index("notice_of_household", "household_id"),)

    message_id: UUID = Field(primary_key=True)
    household_id: UUID
    region_code: str = Field(sa_type=Text)
    stage: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)
    version: int


class RunRow(EligibilityTable, table=True):
    """A re-assessment of every household on file for one month of one programme."""

    __tablename__ = "run"
    __table_args__ = (
        Index(
            "run_of_month",
            "programme",
            "month",
            unique=True,
            postgresql_where=text("state <> 'failed'"),
        ),
    )

    run_id: UUID = Field(primary_key=True)
    programme: str = Field(sa_type=Text)
    month: date
    state: str = Field(sa_type=Text)
    assessed_on: date
    opened_at: datetime = Field(sa_type=Instant)
    completed_at: datetime | None = Field(sa_type=Instant)
    households_total: int
    events: int
    items: int
    households_eligible: int
    amount_centimes: int = Field(sa_type=BigInteger)


class RunChunkRow(EligibilityTable, table=True):
    """A range of households, both ends included; the lease token grows with every claim."""

    __tablename__ = "run_chunk"

    run_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    first_household_id: UUID
    last_household_id: UUID
    households: int
    is_done: bool
    lease_token: int
    leased_until: datetime | None = Field(sa_type=Instant)
    events: int
    items: int
