"""The index of one household in plain Python decimals, variable by variable.

This is what an explanation shows, and the yardstick that the vectorised engine is held to: both
agree bit for bit, and neither shares a line of arithmetic with the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from services.eligibility.domain.exact import INDEX_PLACES, index_points
from services.eligibility.domain.formula import Formula, Measure, Model, Variable
from services.eligibility.domain.law import CENTIMES_PER_MAD
from services.eligibility.domain.vocabulary import Milieu

Household = Mapping[str, Any]
Member = Mapping[str, Any]
Members = Sequence[Member]

ADULT_AGE_YEARS = 15
EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
STEP = {Measure.SHARE: Decimal("0.000001"), Measure.SPENDING: Decimal("0.01")}
EARNING = ("employee", "employer", "self_employed", "public_employee")
SOLID_DWELLINGS = ("villa", "flat", "traditional_house", "rural_stone")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one variable adds to the index: value times coefficient, in index points.

    `points` is None where the coefficient is unknown and the variable was left out.
    """

    variable: Variable
    value: Decimal
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Replay:
    """An index taken apart: `index` is the exact sum of the other parts, in index points."""

    index: Decimal
    constant: Decimal
    region_term: Decimal
    contributions: tuple[Contribution, ...]


def replay_index(household: Household, members: Members, *, formula: Formula, on: date) -> Replay:
    """Return the index of one household with the part of every variable.

    Args:
        household: The fields of `HOUSEHOLD_COLUMNS`.
        members: The fields of `MEMBER_COLUMNS`, one mapping a member.
        formula: The version to apply.
        on: The day on which ages are counted.
    """
    model = formula.models[Milieu(household["milieu"])]
    aged = [{**member, "age": age_on(member["birth_date"], day=on)} for member in members]
    contributions = tuple(
        _contribution(variable, _value(variable, household, aged)) for variable in model.variables
    )
    return _sum(model, household["region_code"], contributions)


def age_on(birth_date: date, *, day: date) -> int:
    """Return completed years of age; who was born on 29 February waits for 1 March."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)


def _sum(model: Model, region_code: str, contributions: tuple[Contribution, ...]) -> Replay:
    constant = index_points(model.constant_units)
    region_term = index_points(model.region_units[region_code])
    index = EXACT.add(constant, region_term)
    for contribution in contributions:
        if contribution.points is not None:
            index = EXACT.add(index, contribution.points)
    places = Decimal(1).scaleb(-INDEX_PLACES)
    return Replay(index.quantize(places, context=EXACT), constant, region_term, contributions)


def _contribution(variable: Variable, value: Decimal) -> Contribution:
    if variable.coefficient is None:
        return Contribution(variable, value, None)
    return Contribution(variable, value, EXACT.multiply(variable.coefficient, value))


def _value(variable: Variable, household: Household, members: Members) -> Decimal:
    """Return a variable's value: shares and spending per person rounded half-even."""
    measured = Decimal(MEASURED[variable.code](household, members))
    if variable.measure not in STEP:
        return measured
    if variable.measure is Measure.SPENDING:
        measured = EXACT.divide(measured, Decimal(CENTIMES_PER_MAD))
    per_member = EXACT.divide(measured, Decimal(len(members)))
    return per_member.quantize(STEP[variable.measure], context=EXACT)


Measured = Callable[[Household, Members], int]


def _fact(name: str) -> Measured:
    return lambda household, _: int(household[name])


def _owns(name: str) -> Measured:
    return lambda household, _: int(household[name] > 0)


def _head(name: str, *values: str) -> Measured:
    return lambda _, members: int(_head_of(members)[name] in values)


def _head_of(members: Members) -> Member:
    return next(member for member in members if member["head"])


def _head_age_squared(_: Household, members: Members) -> int:
    age = int(_head_of(members)["age"])
    return age * age


def _number(holds: Callable[[Member], bool]) -> Measured:
    return lambda _, members: sum(1 for member in members if holds(member))


def _adults(holds: Callable[[Member], bool]) -> Measured:
    return _number(lambda member: member["age"] >= ADULT_AGE_YEARS and holds(member))


def _aged(first: int, last: int) -> Measured:
    return _number(lambda member: first <= member["age"] <= last)


def _pupils(schooling: str) -> Measured:
    return _number(lambda member: 6 <= member["age"] <= 14 and member["schooling"] == schooling)  # noqa: PLR2004 -- the ages of compulsory school, as the variable's name says


def _single_or_couple(_: Household, members: Members) -> int:
    if len(members) == 1:
        return 1
    spouses = [member for member in members if member["kinship"] == "spouse"]
    return int(len(members) == 1 + len(spouses) and len(spouses) == 1)


def _persons_per_room(more_than: int, at_most: int) -> Measured:
    def holds(household: Household, members: Members) -> int:
        rooms = household["rooms"]
        return int(len(members) > more_than * rooms and len(members) <= at_most * rooms)

    return holds


MEASURED: Mapping[str, Measured] = {
    "single_or_childless_couple": _single_or_couple,
    "several_family_nuclei": lambda household, _: int(household["family_nuclei"] > 1),
    "at_most_2_persons_per_room": _persons_per_room(0, 2),
    "at_most_3_persons_per_room": _persons_per_room(2, 3),
    "bath_or_shower": _fact("bath_or_shower"),
    "individual_electricity_meter": _fact("electricity_meter"),
    "dwelling_villa_flat_traditional_or_stone": (
        lambda household, _: int(household["dwelling"] in SOLID_DWELLINGS)
    ),
    "head_basic_education": _head("education", "basic"),
    "head_higher_education": _head("education", "higher"),
    "head_senior_executive": _head("occupation", "senior_executive"),
    "head_middle_manager": _head("occupation", "middle_manager"),
    "head_machine_operator": _head("occupation", "machine_operator"),
    "head_craftsman": _head("occupation", "craftsman"),
    "head_farmer": _head("occupation", "farmer"),
    "head_employer": _head("activity", "employer"),
    "head_retired_or_unearned_income": _head("activity", "retired", "unearned_income"),
    "head_age": lambda _, members: int(_head_of(members)["age"]),
    "head_age_squared": _head_age_squared,
    "computer": _fact("computer"),
    "satellite_dish": _fact("satellite_dish"),
    "fixed_telephone": _fact("fixed_telephone"),
    "member_with_non_ramed_health_cover": lambda _, members: int(
        any(member["health_cover"] == "other_scheme" for member in members)
    ),
    "loan": _fact("bank_loan"),
    "secondary_dwelling": _fact("secondary_dwelling"),
    "garage": _fact("garage"),
    "business_premises": _fact("business_premises"),
    "non_agricultural_land": _fact("non_agricultural_land"),
    "irrigated_land": _fact("irrigated_land"),
    "car": _owns("cars"),
    "motorcycle": _owns("motorcycles"),
    "household_size": lambda _, members: len(members),
    "household_size_squared": lambda _, members: len(members) ** 2,
    "children_6_14_private_school": _pupils("private"),
    "children_6_14_public_school": _pupils("public"),
    "members_19_29": _aged(19, 29),
    "members_30_59": _aged(30, 59),
    "members_60_plus": _number(lambda member: member["age"] >= 60),  # noqa: PLR2004 -- as named
    "share_15_plus_without_diploma": _adults(lambda member: member["education"] == "none"),
    "share_15_plus_technical_diploma": _adults(lambda member: member["education"] == "technical"),
    "share_15_plus_income_generating": _adults(lambda member: member["activity"] in EARNING),
    "share_15_plus_machine_operators": _adults(
        lambda member: member["occupation"] == "machine_operator"
    ),
    "share_senior_executives": _number(lambda member: member["occupation"] == "senior_executive"),
    "share_15_plus_literate": _adults(lambda member: bool(member["literate"])),
    "share_15_plus_higher_education": _adults(lambda member: member["education"] == "higher"),
    "share_15_plus_in_trade": _adults(
        lambda member: member["occupation"] == "trader" or member["sector"] == "trade"
    ),
    "mobile_phones": _fact("mobile_phones"),
    "cars": _fact("cars"),
    "motorcycles": _fact("motorcycles"),
    "cows": _fact("cows"),
    "butane_yearly_per_person": _fact("butane_yearly_centimes"),
    "water_electricity_yearly_per_person": _fact("water_electricity_yearly_centimes"),
    "phone_internet_yearly_per_person": _fact("phone_internet_yearly_centimes"),
}
