"""Which scopes a call needs, read from the services' own OpenAPI documents.

The documents are the policy: what a service does not document, or documents without a scope, the
front door does not open.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

METHODS = frozenset({"get", "put", "post", "delete", "patch"})
BULK_MEDIA_TYPE = "application/jsonl"

# A parsed JSON document; its shape is checked where it is read.
Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented call.

    Attributes:
        path: The path as documented, with its parameters' names: safe to put in a label.
        scope_choices: Sets of scopes; a token that holds all of one set may call.
        bulk: Whether it takes or gives JSON Lines, and so may rightly last long.
    """

    service: str
    method: str
    path: str
    scope_choices: tuple[frozenset[str], ...]
    bulk: bool

    def allows(self, scopes: Collection[str]) -> bool:
        """Tell whether a token with these scopes may make the call."""
        return any(choice <= frozenset(scopes) for choice in self.scope_choices)


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    operations: dict[str, Operation] = field(default_factory=dict)


class OperationTable:
    """Finds the operation of a path, segment by segment; a literal wins over a parameter."""

    def __init__(self, operations: Collection[Operation]) -> None:
        """Index the operations by the segments of their templates."""
        self._root = _Node()
        for operation in operations:
            node = self._root
            for segment in operation.path.split("/"):
                node = _child(node, segment)
            node.operations[operation.method] = operation

    def at(self, path: str) -> Mapping[str, Operation]:
        """Return the operations of a decoded path by method (upper case); none if unknown."""
        node = _find(self._root, path.split("/"))
        return {} if node is None else node.operations


def documented_operations(service: str, document: Document) -> Iterator[Operation]:
    """Give every call of a service's document that names at least one scope."""
    default = document.get("security")
    for template, item in mapping(document.get("paths")).items():
        for method, description in mapping(item).items():
            if method not in METHODS:
                continue
            operation = mapping(description)
            choices = _scope_choices(operation.get("security", default))
            if choices:
                yield Operation(
                    service=service,
                    method=method.upper(),
                    path=template,
                    scope_choices=choices,
                    bulk=_is_bulk(operation),
                )


def mapping(value: object) -> Mapping[str, object]:
    """Return `value` if it is a JSON object, and an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def _scope_choices(security: object) -> tuple[frozenset[str], ...]:
    """Read a Security Requirement list; an alternative without any scope opens nothing."""
    if not isinstance(security, list):
        return ()
    choices = (_scopes(mapping(requirement)) for requirement in security)
    return tuple(choice for choice in choices if choice)


def _scopes(requirement: Mapping[str, object]) -> frozenset[str]:
    lists = (scopes for scopes in requirement.values() if isinstance(scopes, list))
    return frozenset(str(scope) for scopes in lists for scope in scopes)


def _is_bulk(operation: Mapping[str, object]) -> bool:
    request = mapping(mapping(operation.get("requestBody")).get("content"))
    responses = (mapping(answer) for answer in mapping(operation.get("responses")).values())
    answers = (mapping(answer.get("content")) for answer in responses)
    return BULK_MEDIA_TYPE in request or any(BULK_MEDIA_TYPE in answer for answer in answers)


def _child(node: _Node, segment: str) -> _Node:
    if segment.startswith("{") and segment.endswith("}"):
        if node.parameter is None:
            node.parameter = _Node()
        return node.parameter
    return node.literal.setdefault(segment, _Node())


def _find(node: _Node, segments: list[str]) -> _Node | None:
    """Walk down; where the literal leads nowhere, try the parameter."""
    if not segments:
        return node if node.operations else None
    first, rest = segments[0], segments[1:]
    literal = node.literal.get(first)
    found = _find(literal, rest) if literal is not None else None
    if found is None and node.parameter is not None and first:
        found = _find(node.parameter, rest)
    return found
