"""Conditions as documents: how a subscription keeps its filter until an event comes.

A document holds pseudonyms in place of identifiers, and attributes by their canonical names.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from services.registry.domain.dci_attributes import Of, Operator, Value, by_key
from services.registry.domain.dci_conditions import (
    CONDITIONS_MAX,
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Condition,
    Identified,
    Not,
    leaves,
)
from services.registry.domain.dci_contract import JsonValue

_DEPTH_MAX = 3 * CONDITIONS_MAX
"""Predicates are joined two by two, and each may be negated."""


class UnreadableFilterError(Exception):
    """A document that is no filter, or is none any more; the message repeats nothing of it."""


def as_document(condition: Condition) -> dict[str, Any]:
    """Return a condition as JSON can hold it.

    Raises:
        TypeError: It names identifiers, which must be looked up before.
    """
    if isinstance(condition, AllOf):
        return {"all": [as_document(part) for part in condition.parts]}
    if isinstance(condition, AnyOf):
        return {"any": [as_document(part) for part in condition.parts]}
    if isinstance(condition, Not):
        return {"not": as_document(condition.part)}
    if isinstance(condition, Among):
        return {"of": condition.of, "ids": sorted(str(subject) for subject in condition.ids)}
    if isinstance(condition, Identified):
        message = "A filter is kept without identifiers."
        raise TypeError(message)
    return {
        "attribute": condition.attribute.key,
        "operator": condition.operator,
        "values": [_written(value) for value in condition.values],
    }


def _written(value: Value) -> JsonValue:
    if isinstance(value, Decimal):
        # Never with an exponent: a score is read from plain digits alone.
        return f"{value:f}"
    return value if isinstance(value, bool | int) else str(value)


def from_document(document: dict[str, Any]) -> Condition:
    """Return the condition that `as_document` was given.

    Raises:
        UnreadableFilterError: It names an attribute that is none any more, or a value that its
            attribute does not take any more, or was not written by `as_document`.
    """
    try:
        condition = _condition(document, depth=0)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = "A kept filter cannot be read."
        raise UnreadableFilterError(message) from error
    if len(leaves(condition)) > CONDITIONS_MAX:
        message = "A kept filter states too many conditions."
        raise UnreadableFilterError(message)
    return condition


def _condition(document: dict[str, Any], *, depth: int) -> Condition:
    if depth > _DEPTH_MAX:
        message = "A kept filter is nested too deeply."
        raise UnreadableFilterError(message)
    if "all" in document:
        return AllOf(tuple(_condition(part, depth=depth + 1) for part in document["all"]))
    if "any" in document:
        return AnyOf(tuple(_condition(part, depth=depth + 1) for part in document["any"]))
    if "not" in document:
        return Not(_condition(document["not"], depth=depth + 1))
    if "ids" in document:
        return Among(Of(document["of"]), tuple(UUID(text) for text in document["ids"]))
    attribute, operator = by_key(document["attribute"]), Operator(document["operator"])
    read = [attribute.read(value) for value in document["values"]]
    values = tuple(value for value in read if value is not None)
    # One value less would widen what a negation lets through.
    if not values or len(values) < len(read) or operator not in attribute.operators:
        message = "A kept filter compares what cannot be compared."
        raise UnreadableFilterError(message)
    return Comparison(attribute, operator, values)
