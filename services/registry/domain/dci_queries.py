"""Queries of the DCI standard, read into conditions of this register's own.

The three types of query (`idtype-value`, `expression`, `predicate`) end in one shape. What a query
names and the allow-list does not is refused, never ignored.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from services.registry.domain.dci_attributes import (
    IdentifierType,
    Of,
    Operator,
    Queryable,
    by_key,
    identifier_type,
    queryable,
)
from services.registry.domain.dci_conditions import (
    CHOICES_MAX,
    CONDITIONS_MAX,
    DEPTH_MAX,
    SORTS_MAX,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fault,
    Identified,
    Not,
    RefusedQueryError,
    leaves,
)
from services.registry.domain.dci_contract import JsonValue, Register, SortBy
from services.registry.domain.policies import Attribute

ONE_IDENTIFIER = "idtype-value"
"""The type of query that names one subject by one identifier."""


def read_query(register: Register, query_type: str | None, query: JsonValue) -> Condition:
    """Return the condition that a query states.

    Args:
        register: The register that is asked.
        query_type: The type as the message states it; None has it told by the query's shape.
        query: The query as it stands in the message.

    Raises:
        RefusedQueryError: Its type, its shape, a name, an operator or a value is not known here.
    """
    readers: dict[str, Callable[[Register, JsonValue], Condition]] = {
        ONE_IDENTIFIER: _read_identifier,
        "expression": _read_expression,
        "predicate": _read_predicates,
    }
    reader = readers.get(type_of(query_type, query))
    if reader is None:
        raise RefusedQueryError(Fault.QUERY_TYPE_UNKNOWN)
    condition = reader(register, query)
    if sum(1 for _ in leaves(condition)) > CONDITIONS_MAX:
        raise RefusedQueryError(Fault.CONDITIONS_TOO_MANY)
    return condition


def type_of(query_type: str | None, query: JsonValue) -> str:
    """Return the type of a query; one that the message does not state is told by its shape."""
    if query_type:
        return query_type
    if isinstance(query, Mapping):
        is_identifier = isinstance(query.get("type"), str) and not isinstance(
            query.get("value"), Mapping
        )
        return ONE_IDENTIFIER if is_identifier else "expression"
    return "predicate" if _is_array(query) else ""


def _is_array(value: JsonValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


_IDENTIFIER_NAMES = frozenset({"type", "value"})


def _read_identifier(register: Register, query: JsonValue) -> Condition:
    if not isinstance(query, Mapping) or not query.keys() <= _IDENTIFIER_NAMES:
        raise RefusedQueryError(Fault.IDENTIFIER_SHAPE)
    if not isinstance(query.get("type"), str):
        raise RefusedQueryError(Fault.IDENTIFIER_SHAPE)
    kind = identifier_type(str(query["type"]))
    if kind is None:
        raise RefusedQueryError(Fault.IDENTIFIER_TYPE_UNKNOWN)
    return _identified(register, kind, [query.get("value")])


def _identified(
    register: Register, kind: IdentifierType, values: Sequence[JsonValue]
) -> Identified:
    if register is Register.CIVIL and kind is IdentifierType.HOUSEHOLD:
        raise RefusedQueryError(Fault.NO_HOUSEHOLDS_HERE)
    texts = tuple(_identifier_text(value) for value in values)
    return Identified(kind, texts)


def _identifier_text(value: JsonValue) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise RefusedQueryError(Fault.IDENTIFIER_NO_TEXT)
    return value.strip()


# The operators of expressions, with and without the sign; nothing else is known.
_EXPRESSION_OPERATORS = {
    sign + word: operator
    for sign in ("$", "")
    for word, operator in (
        ("eq", Operator.EQUAL),
        ("in", Operator.ONE_OF),
        ("lt", Operator.LESS),
        ("lte", Operator.AT_MOST),
        ("gt", Operator.MORE),
        ("gte", Operator.AT_LEAST),
    )
}
_COLLECTIONS = {
    Register.SOCIAL: {"group", "member", "household", "person"},
    Register.CIVIL: {"person", "crvsperson", "crvs_person", "member"},
}
_WRAPPINGS = ("value", "expression", "query")


def _read_expression(register: Register, query: JsonValue) -> Condition:
    document = query
    for wrapping in _WRAPPINGS:
        if isinstance(document, Mapping) and wrapping in document:
            _require_wrapping_known(register, document, besides=wrapping)
            document = document[wrapping]
    return _read_document(register, document, depth=0)


def _require_wrapping_known(
    register: Register, document: Mapping[str, JsonValue], *, besides: str
) -> None:
    """Let pass the names that may stand around a query; `type` was used to get here."""
    for name, value in document.items():
        if name == "collection":
            known = isinstance(value, str) and value.casefold() in _COLLECTIONS[register]
        else:
            known = name in {besides, "type", "@context", "@type"}
        if not known:
            raise RefusedQueryError(Fault.WRAPPING_UNKNOWN)


def _read_document(register: Register, document: JsonValue, *, depth: int) -> Condition:
    if depth > DEPTH_MAX or not isinstance(document, Mapping) or not document:
        raise RefusedQueryError(Fault.EXPRESSION_SHAPE)
    parts = tuple(
        _read_entry(register, name, value, depth=depth) for name, value in document.items()
    )
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _read_entry(register: Register, name: str, value: JsonValue, *, depth: int) -> Condition:
    if name in {"$and", "$or"}:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise RefusedQueryError(Fault.CONNECTIVE_SHAPE)
        parts = tuple(_read_document(register, part, depth=depth + 1) for part in value)
        return AllOf(parts) if name == "$and" else AnyOf(parts)
    if not isinstance(value, Mapping):
        return _comparison(register, name, Operator.EQUAL, value)
    comparisons = []
    for sign, operand in value.items():
        operator = _EXPRESSION_OPERATORS.get(sign)
        if operator is None:
            raise RefusedQueryError(Fault.OPERATOR_UNKNOWN)
        comparisons.append(_comparison(register, name, operator, operand))
    if not comparisons:
        raise RefusedQueryError(Fault.COMPARISON_SHAPE)
    return comparisons[0] if len(comparisons) == 1 else AllOf(tuple(comparisons))


def _comparison(register: Register, name: str, operator: Operator, operand: JsonValue) -> Condition:
    values = _operands(operator, operand)
    attribute = queryable(register, name)
    if attribute is None:
        return _identifier_comparison(register, name, operator, values)
    if operator not in attribute.operators:
        raise RefusedQueryError(Fault.OPERATOR_UNFIT)
    read = tuple(attribute.read(value) for value in values)
    if any(value is None for value in read):
        raise RefusedQueryError(Fault.VALUE_UNFIT)
    return Comparison(attribute, operator, tuple(value for value in read if value is not None))


def _identifier_comparison(
    register: Register, name: str, operator: Operator, values: Sequence[JsonValue]
) -> Condition:
    kind = identifier_type(name)
    if kind is None:
        raise RefusedQueryError(Fault.ATTRIBUTE_UNKNOWN)
    if operator not in {Operator.EQUAL, Operator.ONE_OF}:
        raise RefusedQueryError(Fault.IDENTIFIER_ORDER)
    return _identified(register, kind, values)


def _operands(operator: Operator, operand: JsonValue) -> Sequence[JsonValue]:
    if operator is not Operator.ONE_OF:
        return [operand]
    if isinstance(operand, str):
        # A predicate's value is one text by the standard; a list travels in it by commas.
        operand = [part.strip() for part in operand.split(",")]
    if not isinstance(operand, Sequence) or not 1 <= len(operand) <= CHOICES_MAX:
        raise RefusedQueryError(Fault.CHOICES_COUNT)
    return operand


def _read_predicates(register: Register, query: JsonValue) -> Condition:
    if not _is_array(query) or not query:
        raise RefusedQueryError(Fault.PREDICATES_SHAPE)
    items: Sequence[Any] = list(query) if isinstance(query, Sequence) else []
    if len(items) > CONDITIONS_MAX or not all(isinstance(item, Mapping) for item in items):
        raise RefusedQueryError(Fault.PREDICATES_COUNT)
    whole: Condition | None = None
    link: str | None = None
    for item in sorted(items, key=_place):
        part, next_link = _read_predicate(register, item)
        whole = part if whole is None else _joined(whole, link or "and", part)
        link = next_link
    if whole is None or link is not None:
        raise RefusedQueryError(Fault.CONDITION_DANGLES)
    return whole


def _place(item: Mapping[str, JsonValue]) -> int:
    """Return where a predicate stands among the others; without a number it keeps its place."""
    number = item.get("seq_num", 0)
    if isinstance(number, bool) or not isinstance(number, int):
        raise RefusedQueryError(Fault.PREDICATE_NUMBER)
    return number


_PREDICATE_NAMES = ("seq_num", "condition", *(f"expression{number}" for number in range(1, 9)))


def _read_predicate(
    register: Register, item: Mapping[str, JsonValue]
) -> tuple[Condition, str | None]:
    """Return what one predicate states, and how it joins the next one if it says so.

    Its expressions are folded from left to right. A condition beside a single expression joins that
    to the next predicate; predicates that say nothing are joined by `and`.
    """
    if any(name not in _PREDICATE_NAMES for name in item) or "expression1" not in item:
        raise RefusedQueryError(Fault.PREDICATE_SHAPE)
    link = item.get("condition")
    if link not in ("and", "or", "not", None):
        raise RefusedQueryError(Fault.CONDITION_UNKNOWN)
    parts = [
        _read_simple(register, item[name])
        for name in _PREDICATE_NAMES[2:]
        if item.get(name) is not None
    ]
    if len(parts) == 1:
        return parts[0], None if link is None else str(link)
    if link is None:
        raise RefusedQueryError(Fault.CONDITION_MISSING)
    return reduce(lambda whole, part: _joined(whole, str(link), part), parts), None


def _joined(left: Condition, link: str, right: Condition) -> Condition:
    """Return two conditions as one; `a not b` means a and not b."""
    if link == "or":
        return AnyOf((left, right))
    return AllOf((left, Not(right) if link == "not" else right))


_SIMPLE_NAMES = frozenset({"attribute_name", "operator", "attribute_value"})


def _read_simple(register: Register, expression: JsonValue) -> Condition:
    if not isinstance(expression, Mapping) or not expression.keys() <= _SIMPLE_NAMES:
        raise RefusedQueryError(Fault.SIMPLE_SHAPE)
    if not isinstance(expression.get("attribute_name"), str):
        raise RefusedQueryError(Fault.SIMPLE_SHAPE)
    try:
        operator = Operator(str(expression.get("operator")))
    except ValueError:
        raise RefusedQueryError(Fault.OPERATOR_UNKNOWN) from None
    name = str(expression["attribute_name"])
    return _comparison(register, name, operator, expression.get("attribute_value"))


@dataclass(frozen=True, slots=True)
class SortKey:
    """One attribute that records are sorted by."""

    attribute: Queryable
    descending: bool


def read_sort(
    register: Register, sort: Sequence[SortBy], *, of: Of, told: Collection[Attribute]
) -> tuple[SortKey, ...]:
    """Return what a page is sorted by, in order of weight.

    Args:
        register: The register that is asked.
        sort: The attributes as the message names them.
        of: What the records are of; groups cannot be sorted by what their members are.
        told: What the asker may be told: an order tells values too.

    Raises:
        RefusedQueryError: One of them cannot be sorted by, or must not be.
    """
    if len(sort) > SORTS_MAX:
        raise RefusedQueryError(Fault.SORTS_TOO_MANY)
    keys = []
    for by in sort:
        attribute = queryable(register, by.attribute)
        if attribute is None or not attribute.sortable:
            raise RefusedQueryError(Fault.SORT_UNKNOWN)
        if of is Of.HOUSEHOLD and attribute.of is Of.PERSON:
            raise RefusedQueryError(Fault.SORT_OF_MEMBERS)
        if attribute.needs and not attribute.needs.intersection(told):
            raise RefusedQueryError(Fault.NOT_AGREED_SORT)
        keys.append(_sort_key(attribute, descending=by.descending))
    return tuple(keys)


def _sort_key(attribute: Queryable, *, descending: bool) -> SortKey:
    """Return the key; ages rise as birth dates fall."""
    if attribute.key == "age":
        return SortKey(by_key("birth_date"), not descending)
    if attribute.key == "birth_year":
        return SortKey(by_key("birth_date"), descending)
    return SortKey(attribute, descending)
