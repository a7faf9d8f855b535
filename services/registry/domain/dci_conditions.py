"""Conditions on the subjects of a register: what a query states, in this register's own words."""

import calendar
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from services.registry.domain.dci_attributes import (
    IdentifierType,
    Of,
    Operator,
    Queryable,
    Value,
    by_key,
)
from services.registry.domain.dci_contract import Reason, Refusal
from services.registry.domain.policies import Attribute

CONDITIONS_MAX = 32
DEPTH_MAX = 6
CHOICES_MAX = 100
SORTS_MAX = 3
PAGE_RECORDS_MAX = 200
RECORDS_MAX = 10_000


class Fault(Enum):
    """Why a query is not done: the standard's code, and a sentence that repeats nothing of it."""

    QUERY_TYPE_UNKNOWN = (Reason.CRITERIA_INVALID, "This type of query is not known here.")
    CONDITIONS_TOO_MANY = (
        Reason.CRITERIA_INVALID,
        f"A query states at most {CONDITIONS_MAX} conditions.",
    )
    IDENTIFIER_SHAPE = (
        Reason.CRITERIA_INVALID,
        "An identifier is queried by its type and its value, and nothing else.",
    )
    IDENTIFIER_TYPE_UNKNOWN = (Reason.FILTER_INVALID, "This type of identifier is not known here.")
    NO_HOUSEHOLDS_HERE = (Reason.FILTER_INVALID, "The civil register knows no households.")
    IDENTIFIER_NO_TEXT = (Reason.CRITERIA_INVALID, "An identifier is a text.")
    WRAPPING_UNKNOWN = (
        Reason.CRITERIA_INVALID,
        "Something stands around the query that is not known here.",
    )
    EXPRESSION_SHAPE = (
        Reason.CRITERIA_INVALID,
        "An expression names attributes, operators and values.",
    )
    CONNECTIVE_SHAPE = (Reason.CRITERIA_INVALID, "A connective takes an array of expressions.")
    OPERATOR_UNKNOWN = (Reason.FILTER_INVALID, "One of the operators is not known here.")
    COMPARISON_SHAPE = (
        Reason.CRITERIA_INVALID,
        "An attribute is compared by an operator with a value.",
    )
    OPERATOR_UNFIT = (Reason.FILTER_INVALID, "One of the attributes does not know its operator.")
    VALUE_UNFIT = (Reason.FILTER_INVALID, "One of the values is none of its attribute.")
    ATTRIBUTE_UNKNOWN = (Reason.FILTER_INVALID, "One of the attributes cannot be queried here.")
    IDENTIFIER_ORDER = (Reason.FILTER_INVALID, "Identifiers are equal or not; they have no order.")
    CHOICES_COUNT = (Reason.CRITERIA_INVALID, f"A choice takes 1 to {CHOICES_MAX} values.")
    PREDICATES_SHAPE = (Reason.CRITERIA_INVALID, "Predicates come as an array.")
    PREDICATES_COUNT = (
        Reason.CRITERIA_INVALID,
        f"A query states at most {CONDITIONS_MAX} predicates, each an object.",
    )
    CONDITION_DANGLES = (Reason.CRITERIA_INVALID, "The last condition joins nothing.")
    PREDICATE_NUMBER = (Reason.CRITERIA_INVALID, "The number of a predicate is an integer.")
    PREDICATE_SHAPE = (
        Reason.CRITERIA_INVALID,
        "A predicate has an expression, a condition and other expressions.",
    )
    CONDITION_UNKNOWN = (
        Reason.FILTER_INVALID,
        "One of the conditions between predicates is not known here.",
    )
    CONDITION_MISSING = (Reason.CRITERIA_INVALID, "Expressions are joined by a condition.")
    SIMPLE_SHAPE = (
        Reason.CRITERIA_INVALID,
        "An expression names an attribute, an operator and a value, and nothing else.",
    )
    IDENTIFIER_MALFORMED = (
        Reason.CRITERIA_INVALID,
        "One of the identifiers cannot be one of its type.",
    )
    TOKENS_NOT_AGREED = (
        Reason.FILTER_INVALID,
        "Your policy gives you no tokens; name persons by their IDCS.",
    )
    REGISTER_UNKNOWN = (Reason.CRITERIA_INVALID, "The register named is not the one that is asked.")
    RECORD_TYPE_UNKNOWN = (Reason.CRITERIA_INVALID, "This register has no such records.")
    PAGE_BEYOND = (
        Reason.PAGINATION_INVALID,
        f"A page has 1 to {PAGE_RECORDS_MAX} records, and begins before record {RECORDS_MAX}.",
    )
    TOO_MANY = (
        Reason.TOO_MANY_RECORDS,
        "Too many records, or too long a search: add a territory, an identifier or a birth date.",
    )
    CONSENT_NEEDED = (
        Reason.CRITERIA_INVALID,
        "This purpose rests on consent: ask for persons by their identifiers alone.",
    )
    BATCH_NOT_AGREED = (
        Reason.CRITERIA_INVALID,
        "Your policy allows one question a message, on one person or household by its identifier.",
    )
    NOT_AGREED = (Reason.FILTER_INVALID, "Your policy does not let you ask about one of these.")
    NOT_AGREED_SORT = (Reason.SORT_INVALID, "Your policy does not let you sort by one of these.")
    SORTS_TOO_MANY = (Reason.SORT_INVALID, f"A page is sorted by at most {SORTS_MAX} attributes.")
    SORT_UNKNOWN = (Reason.SORT_INVALID, "Records cannot be sorted by one of these attributes.")
    SORT_OF_MEMBERS = (
        Reason.SORT_INVALID,
        "Groups are not sorted by what their members are; ask for members.",
    )

    @property
    def refusal(self) -> Refusal:
        """Return the answer to the item."""
        return Refusal(*self.value)


class RefusedQueryError(Exception):
    """A query that is not done."""

    def __init__(self, fault: Fault) -> None:
        """Take the fault that answers the item."""
        super().__init__(fault.name)
        self.refusal = fault.refusal


@dataclass(frozen=True, slots=True)
class Comparison:
    """An attribute holds one of these values, or stands on one side of the only one."""

    attribute: Queryable
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Identified:
    """The subject bears one of these identifiers, as somebody wrote them."""

    kind: IdentifierType
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Among:
    """The subject is one of these; what becomes of identifiers once they are looked up."""

    of: Of
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Comparison | Identified | Among | AllOf | AnyOf | Not

EVERYTHING = AllOf(())


def leaves(condition: Condition) -> Sequence[Comparison | Identified | Among]:
    """Return the conditions that contain no others, in their order."""
    if isinstance(condition, AllOf | AnyOf):
        return [leaf for part in condition.parts for leaf in leaves(part)]
    if isinstance(condition, Not):
        return leaves(condition.part)
    return [condition]


def rewritten(
    condition: Condition, change: Callable[[Comparison | Identified | Among], Condition]
) -> Condition:
    """Return a condition with each of its leaves changed."""
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(rewritten(part, change) for part in condition.parts)
        return replace(condition, parts=parts)
    if isinstance(condition, Not):
        return Not(rewritten(condition.part, change))
    return change(condition)


# Who has a record found by one of these is told whose it is.
_NEEDS_OF_IDENTIFIERS = MappingProxyType(
    {
        IdentifierType.DOCUMENT: frozenset({Attribute.DOCUMENT}),
        IdentifierType.PERMIT: frozenset({Attribute.DOCUMENT}),
        IdentifierType.HOUSEHOLD: frozenset({Attribute.HOUSEHOLD_ID}),
    }
)


def require_told(condition: Condition, *, told: Collection[Attribute]) -> None:
    """Let pass a condition on what an asker may be told.

    Raises:
        RefusedQueryError: It asks about something beyond that.
    """
    for leaf in leaves(condition):
        needs: frozenset[Attribute] = frozenset()
        if isinstance(leaf, Comparison):
            needs = leaf.attribute.needs
        elif isinstance(leaf, Identified):
            needs = _NEEDS_OF_IDENTIFIERS.get(leaf.kind, needs)
        if needs and not needs.intersection(told):
            raise RefusedQueryError(Fault.NOT_AGREED)


def dated(condition: Condition, *, on: date) -> Condition:
    """Return a condition whose ages and birth years are bounds of birth dates.

    Args:
        condition: Any condition.
        on: The day on which ages are counted.
    """

    def change(leaf: Comparison | Identified | Among) -> Condition:
        if not isinstance(leaf, Comparison) or leaf.attribute.key not in _COUNTED:
            return leaf
        numbers = (value for value in leaf.values if isinstance(value, int))
        parts = tuple(_bounds(leaf, number, on=on) for number in numbers)
        return parts[0] if len(parts) == 1 else AnyOf(parts)

    return rewritten(condition, change)


_COUNTED = frozenset({"age", "birth_year"})


def _bounds(leaf: Comparison, number: int, *, on: date) -> Condition:
    operator = leaf.operator
    if operator is Operator.AT_LEAST:
        return _from(leaf, number, on=on)
    if operator is Operator.MORE:
        return _from(leaf, number + 1, on=on)
    if operator is Operator.LESS:
        return Not(_from(leaf, number, on=on))
    beyond = Not(_from(leaf, number + 1, on=on))
    return beyond if operator is Operator.AT_MOST else AllOf((_from(leaf, number, on=on), beyond))


def _from(leaf: Comparison, number: int, *, on: date) -> Comparison:
    """Return the birth dates that make this age or more, or that lie in this year or later."""
    birth_date = by_key("birth_date")
    if leaf.attribute.key == "age":
        return Comparison(birth_date, Operator.AT_MOST, (born_by(number, on=on),))
    return Comparison(birth_date, Operator.AT_LEAST, (date(number, 1, 1),))


def born_by(years: int, *, on: date) -> date:
    """Return the last birth date of those who have reached an age on a day.

    Whoever is born on 29 February is a year older on 1 March of a common year.
    """
    year = max(on.year - years, date.min.year)
    last_day = calendar.monthrange(year, on.month)[1]
    return date(year, on.month, min(on.day, last_day))
