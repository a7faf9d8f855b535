"""The formula of the socio-economic index: a constant, a term of the region, a sum of variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from services.eligibility.domain.exact import (
    INDEX_PLACES,
    SHARE_PLACES,
    SPENDING_PLACES,
    index_units,
)
from services.eligibility.domain.law import DatedValue, Status, read_policy, value_in_force
from services.eligibility.domain.vocabulary import Milieu


class Measure(StrEnum):
    """How a variable is counted; it fixes the places its whole-number unit stands for."""

    FLAG = "flag"
    COUNT = "count"
    SHARE = "share"
    SPENDING = "spending"

    @property
    def places(self) -> int:
        """Return how many decimal places one unit of the variable has."""
        return {Measure.SHARE: SHARE_PLACES, Measure.SPENDING: SPENDING_PLACES}.get(self, 0)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a model.

    `coefficient` is None where no source gives it: the variable is then left out of the sum, and
    explanations say so.
    """

    code: str
    measure: Measure
    coefficient: Decimal | None
    label_fr: str
    label_ar: str
    note: str | None

    @property
    def units_per_step(self) -> int:
        """Return the index units (10^-10) that one whole-number unit of the variable adds."""
        if self.coefficient is None:
            return 0
        return index_units(self.coefficient.scaleb(-self.measure.places))


@dataclass(frozen=True, slots=True)
class Model:
    """The formula for one milieu, in exact units of 10^-10."""

    milieu: Milieu
    constant_units: int
    region_units: Mapping[str, int]
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """One version of the formula, and what it rests on."""

    version: str
    valid_from: date
    source: str
    assumption: bool
    models: Mapping[Milieu, Model]


@cache
def formula_versions() -> Mapping[str, Formula]:
    """Return every version of the formula that this service knows, by version."""
    document = read_policy("index")
    formula = _formula(document)
    return MappingProxyType({formula.version: formula})


@cache
def formula_on(day: date) -> Formula:
    """Return the formula applied on a day.

    Raises:
        NoValueInForceError: The day is earlier than every formula known.
    """
    versions = formula_versions()
    dated = [
        DatedValue(Decimal(position), formula.valid_from, Status.IN_FORCE, formula.source)
        for position, formula in enumerate(versions.values())
    ]
    return list(versions.values())[int(value_in_force(dated, on=day).value)]


def _formula(document: Mapping[str, Any]) -> Formula:
    head = document["formula"]
    return Formula(
        version=head["version"],
        valid_from=head["valid_from"],
        source=head["source"],
        assumption=head["assumption"],
        models=MappingProxyType({milieu: _model(milieu, document[milieu]) for milieu in Milieu}),
    )


def _model(milieu: Milieu, entry: Mapping[str, Any]) -> Model:
    words = read_policy("variables")
    return Model(
        milieu=milieu,
        constant_units=index_units(Decimal(entry["constant"])),
        region_units=MappingProxyType(
            {region: index_units(Decimal(term)) for region, term in entry["regions"].items()}
        ),
        variables=tuple(
            _variable(code, coefficient, words[code])
            for code, coefficient in entry["coefficients"].items()
        ),
    )


def _variable(code: str, coefficient: Mapping[str, Any], words: Mapping[str, Any]) -> Variable:
    value = coefficient.get("value")
    variable = Variable(
        code=code,
        measure=Measure(words["measure"]),
        coefficient=None if value is None else Decimal(value),
        label_fr=words["fr"],
        label_ar=words["ar"],
        note=words.get("note"),
    )
    assert_exact(variable)
    return variable


def assert_exact(variable: Variable) -> None:
    """Refuse a coefficient whose product with the variable has more than ten places.

    Raises:
        ValueError: The index would not be a whole number of units of 10^-10.
    """
    if variable.coefficient is None:
        return
    places = -int(variable.coefficient.as_tuple().exponent) + variable.measure.places
    if places > INDEX_PLACES:
        message = f"The coefficient of {variable.code} leaves more than {INDEX_PLACES} places."
        raise ValueError(message)
