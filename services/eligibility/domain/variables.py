"""The variables of the index, measured from the members and facts of a chunk of households.

Every column of the result is Int64: flags and counts as they are, shares in millionths, spending
per person in centimes.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import polars as pl

from services.eligibility.domain.exact import half_even_quotient, share_units
from services.eligibility.domain.vocabulary import (
    Activity,
    Dwelling,
    Education,
    HealthCover,
    Kinship,
    Milieu,
    Occupation,
    Schooling,
    Sector,
)

ADULT_AGE_YEARS = 15  # from which a member counts in the shares "15 and over"
COUPLE_SIZE = 2
_size = pl.col("size")


def age_years(birth_date: pl.Expr, *, on: date) -> pl.Expr:
    """Return completed years of age on a day; a birthday counts from its own day.

    Who was born on 29 February has the birthday on 1 March in other years.
    """
    month_and_day = birth_date.dt.month().cast(pl.Int64) * 100 + birth_date.dt.day().cast(pl.Int64)
    is_before_birthday = month_and_day > on.month * 100 + on.day
    return on.year - birth_date.dt.year().cast(pl.Int64) - is_before_birthday.cast(pl.Int64)


def with_ages(members: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Return the members with their `age` in completed years on a day."""
    return members.with_columns(age=age_years(pl.col("birth_date"), on=on))


def measure(households: pl.DataFrame, members: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Return one row per household: its columns, and what its members add up to.

    Args:
        households: Columns `HOUSEHOLD_COLUMNS`.
        members: Columns `MEMBER_COLUMNS`.
        on: The day of assessment, in Casablanca; ages are counted on it.
    """
    totals = (
        with_ages(members, on=on)
        .group_by("household")
        .agg(
            pl.len().cast(pl.Int64).alias("size"),
            pl.col("age").filter(pl.col("head")).first().alias("head_age"),
            *(
                pl.col(column).filter(pl.col("head")).first().alias(f"head_{column}")
                for column in ("sex", "education", "activity", "occupation")
            ),
            *(condition.sum().cast(pl.Int64).alias(name) for name, condition in _COUNTED.items()),
        )
    )
    return households.join(totals, on="household", how="inner", maintain_order="left")


def variables_of(measured: pl.DataFrame, milieu: Milieu) -> pl.DataFrame:
    """Return `household`, `region_code` and the Int64 variables of one milieu's model.

    Args:
        measured: The result of `measure`.
        milieu: Which model; households of the other milieu are left out.
    """
    rows = measured.filter(pl.col("milieu") == milieu)
    return rows.select(
        "household",
        "region_code",
        *(variable.cast(pl.Int64).alias(code) for code, variable in VARIABLES[milieu].items()),
    )


def _age(first: int, last: int) -> pl.Expr:
    return pl.col("age").is_between(first, last)


_is_adult = pl.col("age") >= ADULT_AGE_YEARS
_counts_by_name = {
    "spouses": pl.col("kinship") == Kinship.SPOUSE,
    "covered_elsewhere": pl.col("health_cover") == HealthCover.OTHER_SCHEME,
    "private_6_14": _age(6, 14) & (pl.col("schooling") == Schooling.PRIVATE),
    "public_6_14": _age(6, 14) & (pl.col("schooling") == Schooling.PUBLIC),
    "aged_19_29": _age(19, 29),
    "aged_30_59": _age(30, 59),
    "aged_60_plus": pl.col("age") >= 60,  # noqa: PLR2004 -- the name says it
    "no_diploma": _is_adult & (pl.col("education") == Education.NONE),
    "technical": _is_adult & (pl.col("education") == Education.TECHNICAL),
    "higher": _is_adult & (pl.col("education") == Education.HIGHER),
    "literates": _is_adult & pl.col("literate"),
    "earners": _is_adult
    & pl.col("activity").is_in(
        [Activity.EMPLOYEE, Activity.EMPLOYER, Activity.SELF_EMPLOYED, Activity.PUBLIC_EMPLOYEE]
    ),
    "operators": _is_adult & (pl.col("occupation") == Occupation.MACHINE_OPERATOR),
    "in_trade": _is_adult
    & ((pl.col("occupation") == Occupation.TRADER) | (pl.col("sector") == Sector.TRADE)),
    "executives": pl.col("occupation") == Occupation.SENIOR_EXECUTIVE,
    "public_employees": pl.col("activity") == Activity.PUBLIC_EMPLOYEE,
    "pensioners": pl.col("pension"),
    "couple_covered_elsewhere": (pl.col("health_cover") == HealthCover.OTHER_SCHEME)
    & (pl.col("head") | (pl.col("kinship") == Kinship.SPOUSE)),
}
_COUNTED: Mapping[str, pl.Expr] = MappingProxyType(_counts_by_name)


def _head_is(column: str, *values: str) -> pl.Expr:
    return pl.col(f"head_{column}").is_in(list(values))


def _per_person(column: str) -> pl.Expr:
    return half_even_quotient(pl.col(column), _size)


def _share(column: str) -> pl.Expr:
    return share_units(pl.col(column), _size)


def _persons_per_room_at_most(persons: int) -> pl.Expr:
    return _size <= persons * pl.col("rooms")


_both = {
    "single_or_childless_couple": (_size == 1)
    | ((_size == COUPLE_SIZE) & (pl.col("spouses") == 1)),
    "at_most_2_persons_per_room": _persons_per_room_at_most(2),
    "head_senior_executive": _head_is("occupation", Occupation.SENIOR_EXECUTIVE),
    "head_employer": _head_is("activity", Activity.EMPLOYER),
    "member_with_non_ramed_health_cover": pl.col("covered_elsewhere") > 0,
    "secondary_dwelling": pl.col("secondary_dwelling"),
    "household_size": _size,
    "household_size_squared": _size * _size,
    "butane_yearly_per_person": _per_person("butane_yearly_centimes"),
    "water_electricity_yearly_per_person": _per_person("water_electricity_yearly_centimes"),
    "phone_internet_yearly_per_person": _per_person("phone_internet_yearly_centimes"),
}

_urban = {
    "several_family_nuclei": pl.col("family_nuclei") > 1,
    "bath_or_shower": pl.col("bath_or_shower"),
    "individual_electricity_meter": pl.col("electricity_meter"),
    "head_higher_education": _head_is("education", Education.HIGHER),
    "head_middle_manager": _head_is("occupation", Occupation.MIDDLE_MANAGER),
    "head_retired_or_unearned_income": _head_is(
        "activity", Activity.RETIRED, Activity.UNEARNED_INCOME
    ),
    "computer": pl.col("computer"),
    "satellite_dish": pl.col("satellite_dish"),
    "fixed_telephone": pl.col("fixed_telephone"),
    "loan": pl.col("bank_loan"),
    "garage": pl.col("garage"),
    "business_premises": pl.col("business_premises"),
    "head_age": pl.col("head_age"),
    "head_age_squared": pl.col("head_age") * pl.col("head_age"),
    "children_6_14_private_school": pl.col("private_6_14"),
    "children_6_14_public_school": pl.col("public_6_14"),
    "share_15_plus_without_diploma": _share("no_diploma"),
    "share_15_plus_technical_diploma": _share("technical"),
    "share_15_plus_income_generating": _share("earners"),
    "share_15_plus_machine_operators": _share("operators"),
    "share_senior_executives": _share("executives"),
    "mobile_phones": pl.col("mobile_phones"),
    "cars": pl.col("cars"),
    "motorcycles": pl.col("motorcycles"),
}

_rural = {
    "dwelling_villa_flat_traditional_or_stone": pl.col("dwelling").is_in(
        [Dwelling.VILLA, Dwelling.FLAT, Dwelling.TRADITIONAL_HOUSE, Dwelling.RURAL_STONE]
    ),
    "at_most_3_persons_per_room": _persons_per_room_at_most(3) & ~_persons_per_room_at_most(2),
    "head_basic_education": _head_is("education", Education.BASIC),
    "head_machine_operator": _head_is("occupation", Occupation.MACHINE_OPERATOR),
    "head_craftsman": _head_is("occupation", Occupation.CRAFTSMAN),
    "head_farmer": _head_is("occupation", Occupation.FARMER),
    "car": pl.col("cars") > 0,
    "motorcycle": pl.col("motorcycles") > 0,
    "non_agricultural_land": pl.col("non_agricultural_land"),
    "irrigated_land": pl.col("irrigated_land"),
    "members_19_29": pl.col("aged_19_29"),
    "members_30_59": pl.col("aged_30_59"),
    "members_60_plus": pl.col("aged_60_plus"),
    "share_15_plus_literate": _share("literates"),
    "share_15_plus_higher_education": _share("higher"),
    "share_15_plus_in_trade": _share("in_trade"),
    "cows": pl.col("cows"),
}

VARIABLES: Mapping[Milieu, Mapping[str, pl.Expr]] = MappingProxyType(
    {
        Milieu.URBAN: MappingProxyType(_both | _urban),
        Milieu.RURAL: MappingProxyType(_both | _rural),
    }
)
