"""What is kept beside declarations: the index of each household, and counts by commune."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Numeric
from sqlmodel import Field

from services.registry.storage.tables.columns import RegistryTable, text_column

INDEX_DIGITS = 13
INDEX_PLACES = 10
_MEASURES = """
measure IN ('persons', 'households', 'members') AND day IS NULL
OR measure IN ('persons-registered', 'households-registered', 'reviews-due') AND day IS NOT NULL
"""


class HouseholdIndexRow(RegistryTable, table=True):
    """The newest index that eligibility told of a household, in exact index points.

    `version` counts the household's assessments, not its declarations.
    """

    __tablename__ = "household_index"

    household_id: UUID = Field(primary_key=True)
    region_code: str = Field(sa_column=text_column())
    version: int
    index_points: Decimal = Field(sa_type=Numeric(INDEX_DIGITS, INDEX_PLACES))
    milieu: str = Field(sa_column=text_column())
    formula_version: str = Field(sa_column=text_column())
    assessed_on: date


class CommuneCountRow(RegistryTable, table=True):
    """How many live persons, households and members a commune has, but for pending changes."""

    __tablename__ = "commune_count"

    commune_code: str = Field(sa_column=text_column(primary_key=True))
    province_code: str = Field(sa_column=text_column())
    region_code: str = Field(sa_column=text_column())
    persons: int = Field(sa_type=BigInteger)
    households: int = Field(sa_type=BigInteger)
    members: int = Field(sa_type=BigInteger)


class CommuneDayCountRow(RegistryTable, table=True):
    """How many of something fall on a day: persons or households registered, reviews due."""

    __tablename__ = "commune_day_count"

    commune_code: str = Field(sa_column=text_column(primary_key=True))
    measure: str = Field(sa_column=text_column(primary_key=True))
    day: date = Field(primary_key=True)
    province_code: str = Field(sa_column=text_column())
    region_code: str = Field(sa_column=text_column())
    number: int = Field(sa_type=BigInteger)


class CountChangeRow(RegistryTable, table=True):
    """By how much a statement changed a count; pending until the worker has added it up.

    The triggers of the tables that are counted write it, in the transaction of the change: counts
    are never late, and writers of one commune do not wait for each other.
    """

    __tablename__ = "count_change"
    __table_args__ = (CheckConstraint(_MEASURES, name="measure_known"),)

    change_id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    commune_code: str = Field(sa_column=text_column())
    province_code: str = Field(sa_column=text_column())
    region_code: str = Field(sa_column=text_column())
    measure: str = Field(sa_column=text_column())
    day: date | None
    number: int = Field(sa_type=BigInteger)
