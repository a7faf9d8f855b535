"""Conditions and orders of a register as SQL: fixed text from here, values as parameters.

Expressions speak of aliases that every statement over a register uses: `grp`, `ver`, `first` and
`idx` are a household, its version, its first version and its index; `res` and `mem` a residence and
a member; `per` and `pv` a person and their version.
"""

from collections.abc import Collection, Sequence
from typing import Any

from services.registry.domain.dci_attributes import Of, Operator
from services.registry.domain.dci_conditions import (
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Condition,
    Identified,
    Not,
)
from services.registry.domain.dci_queries import SortKey
from services.registry.domain.policies import EVERY_REGION

MARRIED = """
    (mem.kinship = 'spouse' OR mem.head AND EXISTS (
        SELECT FROM household_member AS spouse
         WHERE spouse.household_id = mem.household_id AND spouse.version = mem.version
           AND spouse.kinship = 'spouse'))
"""
_CASABLANCA_DAY = "({} AT TIME ZONE 'Africa/Casablanca')::date"
_TERRITORIES = {
    "location": ("grp.region_code", "ver.province_code", "ver.commune_code"),
    "person_location": ("per.region_code", "per.province_code", "per.commune_code"),
}
_EXPRESSIONS = {
    "region": "grp.region_code",
    "province": "ver.province_code",
    "commune": "ver.commune_code",
    "group_size": (
        "(SELECT count(*) FROM household_member AS counted"
        " WHERE counted.household_id = grp.household_id AND counted.version = grp.version)"
    ),
    "poverty_score": "idx.index_points",
    "poverty_score_type": "ver.milieu",
    "group_registered_on": _CASABLANCA_DAY.format("first.recorded_at"),
    "group_updated_on": _CASABLANCA_DAY.format("ver.recorded_at"),
    "person_region": "per.region_code",
    "person_province": "per.province_code",
    "person_commune": "per.commune_code",
    "birth_date": "per.birth_date",
    "sex": "per.sex",
    "status": "per.status",
    "registered_on": "per.registered_on",
    # A cast alone would have one wrong fact fail every statement that comes by it.
    "is_disabled": (
        "CASE jsonb_typeof(mem.facts -> 'severe_disability')"
        " WHEN 'boolean' THEN (mem.facts ->> 'severe_disability')::boolean END"
    ),
    "marital_status": f"CASE WHEN {MARRIED} THEN 'M' END",
    "birth_commune": "pv.birth_commune_code",
    "nationality": "pv.nationality",
}
_SIGNS = {
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.MORE: ">",
    Operator.AT_LEAST: ">=",
}
_SUBJECTS = {Of.HOUSEHOLD: "grp.household_id", Of.PERSON: "per.person_id"}


class Parameters:
    """Values bound to a statement, each under a name of its own."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 -- any type of PostgreSQL
        """Begin with the values that the statement names itself."""
        self.values: dict[str, Any] = values

    def bind(self, value: Any) -> str:  # noqa: ANN401 -- any type of PostgreSQL
        """Return the placeholder of one more value."""
        name = f"value_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"


def condition_sql(condition: Condition, parameters: Parameters) -> str:
    """Return a condition as an expression; its values are bound to the parameters.

    Raises:
        TypeError: It names identifiers, which must be looked up before.
    """
    if isinstance(condition, AllOf | AnyOf):
        if not condition.parts:
            return "true" if isinstance(condition, AllOf) else "false"
        link = " AND " if isinstance(condition, AllOf) else " OR "
        return "(" + link.join(condition_sql(part, parameters) for part in condition.parts) + ")"
    if isinstance(condition, Not):
        return f"(NOT {condition_sql(condition.part, parameters)})"
    if isinstance(condition, Among):
        ids = parameters.bind(list(condition.ids))
        return f"{_SUBJECTS[condition.of]} = ANY({ids}::uuid[])"
    if isinstance(condition, Identified):
        message = "Identifiers are looked up before a statement is made."
        raise TypeError(message)
    return _comparison_sql(condition, parameters)


def _comparison_sql(comparison: Comparison, parameters: Parameters) -> str:
    key, operator = comparison.attribute.key, comparison.operator
    if operator in _SIGNS:
        value = parameters.bind(comparison.values[0])
        return f"{_EXPRESSIONS[key]} {_SIGNS[operator]} {value}"
    values = parameters.bind(list(comparison.values))
    columns = _TERRITORIES.get(key) or (_EXPRESSIONS[key],)
    return "(" + " OR ".join(f"{column} = ANY({values})" for column in columns) + ")"


def regions_sql(regions: Collection[str], column: str, parameters: Parameters) -> str:
    """Return what holds for the rows of these regions.

    Row-level security binds an api role to them anyway, and a worker's role to nothing.
    """
    if EVERY_REGION in regions:
        return "true"
    return f"{column} = ANY({parameters.bind(sorted(regions))}::text[])"


def sort_columns(sort: Sequence[SortKey]) -> list[str]:
    """Return the expressions of an order, to be selected beside the ids."""
    return [f"{_EXPRESSIONS[key.attribute.key]} AS sort_{i}" for i, key in enumerate(sort)]


def order_sql(sort: Sequence[SortKey], *, last: str) -> str:
    """Return an order over `sort_columns`; `last` decides between equals."""
    directions = [f"sort_{i} {'DESC' if key.descending else 'ASC'}" for i, key in enumerate(sort)]
    return ", ".join([*(f"{direction} NULLS LAST" for direction in directions), last])
