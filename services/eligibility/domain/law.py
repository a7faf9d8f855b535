"""The numbers of the law: dated, sourced, read from this folder's policy files."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, ClassVar

from shared.kernel.errors import DomainError, ErrorKind

CENTIMES_PER_MAD = 100


class NoValueInForceError(DomainError):
    """The law held no value for a parameter on the day asked for."""

    code: ClassVar[str] = "eligibility.no-value-in-force"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class FloatInPolicyError(ValueError):
    """A policy file holds a number that is not written as a string of decimal digits."""


class Status(StrEnum):
    """Whether a value may be applied."""

    IN_FORCE = "in_force"
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value of a parameter, with the day it was first applied and where it is written.

    `valid_from` is None for what was announced without a date. `note` says what Sanad assumes
    where the source is silent (`assumption`).
    """

    value: Decimal
    valid_from: date | None
    status: Status
    source: str
    assumption: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the law over time, and its unit."""

    name: str
    unit: str
    values: tuple[DatedValue, ...]

    def on(self, day: date) -> DatedValue:
        """Return the value applied on a day; what is only announced is never applied.

        Raises:
            NoValueInForceError: The day is earlier than every date of application.
        """
        return value_in_force(self.values, on=day)


def value_in_force(values: Sequence[DatedValue], *, on: date) -> DatedValue:
    """Return the value with the latest date of application not after `on`.

    Raises:
        NoValueInForceError: `on` is earlier than every date of application.
    """
    applied = [
        (value.valid_from, value)
        for value in values
        if value.status is Status.IN_FORCE
        and value.valid_from is not None
        and value.valid_from <= on
    ]
    if not applied:
        message = "The law held no value for this parameter on that day."
        raise NoValueInForceError(message)
    return max(applied, key=lambda pair: pair[0])[1]


def centimes(amount_mad: Decimal) -> int:
    """Return an amount of dirhams in centimes.

    Raises:
        ValueError: It is not a whole number of centimes.
    """
    scaled = amount_mad * CENTIMES_PER_MAD
    if scaled != scaled.to_integral_value():
        message = "An amount of the law is not a whole number of centimes."
        raise ValueError(message)
    return int(scaled)


@cache
def programme_parameters() -> Mapping[str, Mapping[str, Parameter]]:
    """Return the parameters of each programme by name, as `["asd"]["threshold"]`."""
    document = read_policy("programmes")
    return MappingProxyType(
        {
            programme: MappingProxyType(
                {name: _parameter(name, entry) for name, entry in parameters.items()}
            )
            for programme, parameters in document.items()
        }
    )


def read_policy(name: str) -> dict[str, Any]:
    """Return the policy file `name`.

    Raises:
        FloatInPolicyError: A number in it is written as a float.
    """
    text = resources.files("services.eligibility.domain.policy").joinpath(f"{name}.toml")
    return tomllib.loads(text.read_text(encoding="utf-8"), parse_float=_refuse_float)


def _refuse_float(_: str) -> Any:  # noqa: ANN401 -- the signature tomllib asks for
    message = "A policy number is written as a float; write it as a string."
    raise FloatInPolicyError(message)


def _parameter(name: str, entry: Mapping[str, Any]) -> Parameter:
    return Parameter(name, entry["unit"], tuple(_dated_value(value) for value in entry["values"]))


def _dated_value(entry: Mapping[str, Any]) -> DatedValue:
    return DatedValue(
        value=Decimal(entry["value"]),
        valid_from=entry.get("valid_from"),
        status=Status(entry["status"]),
        source=entry["source"],
        assumption=entry.get("assumption", False),
        note=entry.get("note"),
    )
