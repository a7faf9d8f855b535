"""The words that facts are declared in, and the columns in which rules take them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import polars as pl


class Milieu(StrEnum):
    """Where a household lives; each milieu has its own model of the index."""

    URBAN = "urban"
    RURAL = "rural"


class Sex(StrEnum):
    """As in the population register."""

    FEMALE = "F"
    MALE = "M"


class Kinship(StrEnum):
    """What a member is to the head of the household."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    OTHER = "other"


class Schooling(StrEnum):
    """Which school a member attends now."""

    NONE = "none"
    PUBLIC = "public"
    PRIVATE = "private"


class Education(StrEnum):
    """The highest diploma of a member."""

    NONE = "none"
    BASIC = "basic"
    TECHNICAL = "technical"
    SECONDARY = "secondary"
    HIGHER = "higher"


class Activity(StrEnum):
    """What a member lives from."""

    EMPLOYEE = "employee"
    EMPLOYER = "employer"
    SELF_EMPLOYED = "self_employed"
    UNEMPLOYED = "unemployed"
    INACTIVE = "inactive"
    RETIRED = "retired"
    UNEARNED_INCOME = "unearned_income"
    CHILD = "child"
    PUBLIC_EMPLOYEE = "public_employee"


class Occupation(StrEnum):
    """The trade of a member."""

    NONE = "none"
    SENIOR_EXECUTIVE = "senior_executive"
    MIDDLE_MANAGER = "middle_manager"
    CRAFTSMAN = "craftsman"
    FARMER = "farmer"
    MACHINE_OPERATOR = "machine_operator"
    TRADER = "trader"
    OTHER = "other"


class Sector(StrEnum):
    """The branch a member works in."""

    NONE = "none"
    AGRICULTURE = "agriculture"
    INDUSTRY = "industry"
    TRADE = "trade"
    SERVICES = "services"


class HealthCover(StrEnum):
    """The health scheme of a member; `other_scheme` is any beside RAMED and AMO-Tadamon."""

    NONE = "none"
    RAMED = "ramed"
    AMO_TADAMON = "amo_tadamon"
    OTHER_SCHEME = "other_scheme"
    UNKNOWN = "unknown"


class Dwelling(StrEnum):
    """The kind of dwelling; `rural_stone` is dry stone or stone and mud."""

    VILLA = "villa"
    FLAT = "flat"
    TRADITIONAL_HOUSE = "traditional_house"
    MODERN_HOUSE = "modern_house"
    RURAL_STONE = "rural_stone"
    RURAL_ADOBE = "rural_adobe"
    SHACK = "shack"
    OTHER = "other"


class Programme(StrEnum):
    """The programmes decided on."""

    ASD = "asd"
    AMO_TADAMON = "amo_tadamon"


class Standing(StrEnum):
    """With an application an outcome is a decision, without one a prospect."""

    DECISION = "decision"
    PROSPECT = "prospect"


class Outcome(StrEnum):
    """What a household is told."""

    ELIGIBLE = "eligible"
    REFUSED = "refused"


# Limits that keep the index inside NUMERIC(13,10) and the arithmetic inside 64 bits.
MEMBERS_MAX = 30
ROOMS_MAX = 1_000
FAMILY_NUCLEI_MAX = 30
ITEMS_OWNED_MAX = 1_000
COWS_MAX = 10_000
SPENDING_YEARLY_CENTIMES_MAX = 30_000_000

# `household` is a household's place in its chunk, `position` a member's place in the household.
HOUSEHOLD_COLUMNS: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {
        "household": pl.Int64,
        "region_code": pl.String,
        "milieu": pl.String,
        "dwelling": pl.String,
        "rooms": pl.Int64,
        "family_nuclei": pl.Int64,
        "bath_or_shower": pl.Boolean,
        "electricity_meter": pl.Boolean,
        "computer": pl.Boolean,
        "satellite_dish": pl.Boolean,
        "fixed_telephone": pl.Boolean,
        "bank_loan": pl.Boolean,
        "secondary_dwelling": pl.Boolean,
        "garage": pl.Boolean,
        "business_premises": pl.Boolean,
        "mobile_phones": pl.Int64,
        "cars": pl.Int64,
        "motorcycles": pl.Int64,
        "non_agricultural_land": pl.Boolean,
        "irrigated_land": pl.Boolean,
        "cows": pl.Int64,
        "butane_yearly_centimes": pl.Int64,
        "water_electricity_yearly_centimes": pl.Int64,
        "phone_internet_yearly_centimes": pl.Int64,
        "family_allowances": pl.Boolean,
    }
)

DISSOLVED_COLUMNS: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {"household": pl.Int64, "region_code": pl.String}
)

# `position` is that of the member it is about, `place` that of the attestation among its version's.
ATTESTATION_COLUMNS: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {
        "household": pl.Int64,
        "position": pl.Int64,
        "place": pl.Int64,
        "fact": pl.String,
        "value": pl.String,
        "source": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
    }
)

MEMBER_COLUMNS: Mapping[str, type[pl.DataType]] = MappingProxyType(
    {
        "household": pl.Int64,
        "position": pl.Int64,
        "birth_date": pl.Date,
        "sex": pl.String,
        "kinship": pl.String,
        "head": pl.Boolean,
        "schooling": pl.String,
        "education": pl.String,
        "literate": pl.Boolean,
        "activity": pl.String,
        "occupation": pl.String,
        "sector": pl.String,
        "health_cover": pl.String,
        "orphan_of_father": pl.Boolean,
        "severe_disability": pl.Boolean,
        "birth_rank": pl.Int64,
        "pension": pl.Boolean,
    }
)
