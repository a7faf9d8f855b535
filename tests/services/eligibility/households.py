"""Households for tests: state only what the claim is about."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from services.eligibility.domain.vocabulary import HOUSEHOLD_COLUMNS, MEMBER_COLUMNS

ASSESSED_ON = date(2026, 11, 20)

Row = dict[str, Any]


def a_member(**stated: object) -> Row:
    """Return a member: an adult woman who is a relative without work, unless stated."""
    member: Row = {
        "birth_date": date(1990, 5, 17),
        "sex": "F",
        "kinship": "other",
        "head": False,
        "schooling": "none",
        "education": "none",
        "literate": False,
        "activity": "inactive",
        "occupation": "none",
        "sector": "none",
        "health_cover": "none",
        "orphan_of_father": False,
        "severe_disability": False,
        "birth_rank": None,
        "pension": False,
    }
    return member | stated


def a_head(**stated: object) -> Row:
    """Return the head of a household: a man, unless stated."""
    return a_member(**({"kinship": "head", "head": True, "sex": "M"} | stated))


def a_spouse(**stated: object) -> Row:
    """Return the spouse of the head."""
    return a_member(**({"kinship": "spouse"} | stated))


def a_child(age: int, **stated: object) -> Row:
    """Return a child of the head, `age` years old since the first of January."""
    born = {"kinship": "child", "birth_date": date(ASSESSED_ON.year - age, 1, 1)}
    schooling = "public" if age > 5 else "none"
    return a_member(**(born | {"schooling": schooling, "activity": "child"} | stated))


def a_household(*members: Row, **stated: object) -> Row:
    """Return a household that owns nothing, in the countryside of Marrakech-Safi."""
    household: Row = {
        "region_code": "07",
        "milieu": "rural",
        "dwelling": "rural_adobe",
        "rooms": 1,
        "family_nuclei": 1,
        "mobile_phones": 0,
        "cars": 0,
        "motorcycles": 0,
        "cows": 0,
        "butane_yearly_centimes": 0,
        "water_electricity_yearly_centimes": 0,
        "phone_internet_yearly_centimes": 0,
    }
    flags = {name: False for name, kind in HOUSEHOLD_COLUMNS.items() if kind == pl.Boolean}
    return flags | household | stated | {"members": members or (a_head(),)}


def frames(*households: Mapping[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the two frames in which rules take households."""
    household_rows = [
        {name: household.get(name, place) for name in HOUSEHOLD_COLUMNS}
        for place, household in enumerate(households)
    ]
    member_rows = [
        {"household": place, "position": position} | member
        for place, household in enumerate(households)
        for position, member in enumerate(_members(household))
    ]
    return (
        pl.DataFrame(household_rows, schema=dict(HOUSEHOLD_COLUMNS)),
        pl.DataFrame(member_rows, schema=dict(MEMBER_COLUMNS)),
    )


def _members(household: Mapping[str, Any]) -> Sequence[Row]:
    members: Sequence[Row] = household["members"]
    return members
