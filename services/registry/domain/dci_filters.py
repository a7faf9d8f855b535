"""Conditions as documents: how a subscription keeps its filter until an event comes.

A document holds pseudonyms in place of identifiers, and attributes by their canonical names.
"""

from typing import Any
from uuid import UUID

from services.registry.domain.dci_attributes import Of, Operator, by_key
from services.registry.domain.dci_conditions import (
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Condition,
    Identified,
    Not,
)


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
    values = [value if isinstance(value, bool | int) else str(value) for value in condition.values]
    return {
        "attribute": condition.attribute.key,
        "operator": condition.operator,
        "values": values,
    }


def from_document(document: dict[str, Any]) -> Condition:
    """Return the condition that `as_document` was given.

    Raises:
        KeyError: The document names an attribute that is none any more.
    """
    if "all" in document:
        return AllOf(tuple(from_document(part) for part in document["all"]))
    if "any" in document:
        return AnyOf(tuple(from_document(part) for part in document["any"]))
    if "not" in document:
        return Not(from_document(document["not"]))
    if "ids" in document:
        return Among(Of(document["of"]), tuple(UUID(text) for text in document["ids"]))
    attribute = by_key(document["attribute"])
    read = [attribute.read(value) for value in document["values"]]
    values = tuple(value for value in read if value is not None)
    return Comparison(attribute, Operator(document["operator"]), values)
