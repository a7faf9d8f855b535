"""The documented socio-economic index, written here anew from the published tables.

Floating point is good enough to place a population inside a band; the platform's own index is
exact and is not used here on purpose.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.simulators.population.populations import Population, Record

ASD_THRESHOLD = 9.743001
AMO_TADAMON_THRESHOLD = 9.3264284
TODAY = date(2026, 10, 5)
URBAN_REGIONS = [0.107, 0.196, 0.123, 0.0555, 0, 0.220, 0.194, 0, 0, 0.285, 0.285, 0.285]
RURAL_REGIONS = [0.420, 0.230, 0.296, 0.302, 0.351, 0.464, 0.377, 0, 0.221, 0.318, 0.318, 0.318]
WORKING = {"employee", "employer", "self_employed", "public_employee"}
SOLID = {"villa", "flat", "traditional_house", "rural_stone"}


def age_of(person: Record) -> int:
    born = date.fromisoformat(person["birth_date"])
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def index_of(household: Record, population_persons: dict[str, Record]) -> float:
    """Return the index of a household by the model of its milieu."""
    members = [
        {**member, "age": age_of(population_persons[member["idcs"]])}
        for member in household["members"]
    ]
    model = _urban if household["milieu"] == "urban" else _rural
    return model(household, members)


def indexes(population: Population) -> dict[str, float]:
    """Return the index of every household of a population by reference."""
    persons = population.persons()
    return {
        reference: index_of(household, persons)
        for reference, household in population.households().items()
    }


def _share(members: list[Record], holds: Callable[[Record], bool]) -> float:
    return sum(1 for one in members if one["age"] >= 15 and holds(one)) / len(members)


def _lives_without_children(members: list[Record]) -> bool:
    kinships = [member["kinship"] for member in members]
    return len(members) == 1 or sorted(kinships) == ["head", "spouse"]


def _bills(facts: dict[str, Any], size: int) -> tuple[float, float, float]:
    return (
        facts["butane_yearly_centimes"] / 100 / size,
        facts["water_electricity_yearly_centimes"] / 100 / size,
        facts["phone_internet_yearly_centimes"] / 100 / size,
    )


def _region(household: Record) -> int:
    return int(household["commune"][:2]) - 1


def _has_other_cover(members: list[Record]) -> bool:
    return any(member["health_cover"] == "other_scheme" for member in members)


def _urban(household: Record, members: list[Record]) -> float:
    facts, size = household["facts"], len(members)
    head = next(member for member in members if member["head"])
    pupils = [member for member in members if 6 <= member["age"] <= 14]
    butane, water, phone = _bills(facts, size)
    terms = [
        9.825 + URBAN_REGIONS[_region(household)],
        0.103 * _lives_without_children(members),
        0.035 * (facts["family_nuclei"] > 1),
        0.0475 * (size <= 2 * facts["rooms"]),
        0.096 * facts["bath_or_shower"] + 0.0466 * facts["electricity_meter"],
        0.0806 * (head["education"] == "higher"),
        0.0782 * (head["occupation"] == "senior_executive"),
        0.110 * (head["occupation"] == "middle_manager"),
        0.182 * (head["activity"] == "employer"),
        0.0605 * (head["activity"] in {"retired", "unearned_income"}),
        0.138 * facts["computer"] + 0.0873 * facts["satellite_dish"],
        0.0532 * facts["fixed_telephone"] + 0.151 * _has_other_cover(members),
        0.135 * facts["bank_loan"] + 0.173 * facts["secondary_dwelling"],
        0.117 * facts["garage"] + 0.111 * facts["business_premises"],
        -0.177 * size + 0.00533 * size**2,
        -0.0104 * head["age"] + 0.0000771 * head["age"] ** 2,
        0.105 * sum(pupil["schooling"] == "private" for pupil in pupils),
        -0.0319 * sum(pupil["schooling"] == "public" for pupil in pupils),
        -0.0557 * _share(members, lambda one: one["education"] == "none"),
        0.120 * _share(members, lambda one: one["education"] == "technical"),
        0.139 * _share(members, lambda one: one["activity"] in WORKING),
        0.307 * _share(members, lambda one: one["occupation"] == "machine_operator"),
        0.180 * _share(members, lambda one: one["occupation"] == "senior_executive"),
        0.0516 * facts["mobile_phones"] + 0.226 * facts["cars"] + 0.0598 * facts["motorcycles"],
        0.000422 * butane + 0.00011 * water + 0.000302 * phone,
    ]
    return float(sum(terms))


def _rural(household: Record, members: list[Record]) -> float:
    """Return the index of a rural household; the coefficient of a car is not published."""
    facts, size = household["facts"], len(members)
    head = next(member for member in members if member["head"])
    ages = [member["age"] for member in members]
    trades = {"senior_executive": 0.154, "machine_operator": 0.196, "craftsman": 0.125}
    roomy = 0.129 if size <= 2 * facts["rooms"] else 0.108 * (size <= 3 * facts["rooms"])
    butane, water, phone = _bills(facts, size)
    terms = [
        8.695 + RURAL_REGIONS[_region(household)],
        0.130 * _lives_without_children(members),
        0.127 * (facts["dwelling"] in SOLID),
        roomy,
        0.0569 * (head["education"] == "basic"),
        {**trades, "farmer": 0.0722}.get(head["occupation"], 0),
        0.190 * (head["activity"] == "employer"),
        0.0635 * (facts["motorcycles"] > 0),
        0.193 * _has_other_cover(members),
        0.334 * facts["secondary_dwelling"] + 0.233 * facts["non_agricultural_land"],
        0.126 * facts["irrigated_land"] + 0.0257 * facts["cows"],
        -0.138 * size + 0.00469 * size**2,
        0.0523 * sum(19 <= age <= 29 for age in ages),
        0.0337 * sum(30 <= age <= 59 for age in ages),
        0.0781 * sum(age >= 60 for age in ages),
        0.128 * _share(members, lambda one: one["literate"]),
        0.344 * _share(members, lambda one: one["education"] == "higher"),
        0.301 * _share(members, lambda one: one["sector"] == "trade"),
        0.000755 * butane + 0.000145 * water + 0.00086 * phone,
    ]
    return float(sum(terms))
