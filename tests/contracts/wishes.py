"""Compares what a consumer wishes to read with what a producer promises to write.

Both are JSON Schemas made from the pydantic shapes of the two services. A wish may name fewer
fields, and may bound numbers and lengths against nonsense; it may not name a field nobody writes,
another type, or a closed list of values that the producer leaves open.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WIDER = {"number": frozenset({"number", "integer"})}
# Formats that change how a string is read.
_FORMATS = frozenset({"date", "date-time", "uuid"})


def unmet(wish: Schema, promise: Schema) -> list[str]:
    """Return why the promise does not cover the wish; nothing if it does."""
    return list(_Comparison(wish, promise).of(wish, promise, "item"))


class _Comparison:
    """Two documents, each with its own definitions."""

    def __init__(self, wish: Schema, promise: Schema) -> None:
        self._wishes = wish.get("$defs", {})
        self._promises = promise.get("$defs", {})

    def of(self, wish: Schema, promise: Schema, path: str) -> Iterator[str]:
        wishes = _alternatives(wish, self._wishes)
        for offered in _alternatives(promise, self._promises):
            complaints = [list(self._one(wished, offered, path)) for wished in wishes]
            if all(complaints):
                yield from min(complaints, key=len)

    def _one(self, wish: Schema, promise: Schema, path: str) -> Iterator[str]:
        if not wish.keys() - {"title", "description", "default"}:
            return  # anything will do
        if not _same_type(wish, promise):
            yield f"{path} is {_named(promise)}, wished is {_named(wish)}"
            return
        yield from _values(wish, promise, path)
        if wish.get("type") == "array":
            yield from self.of(wish.get("items", {}), promise.get("items", {}), f"{path}[]")
        if wish.get("type") == "object":
            yield from self._fields(wish, promise, path)

    def _fields(self, wish: Schema, promise: Schema, path: str) -> Iterator[str]:
        promised = promise.get("properties", {})
        for name, field in wish.get("properties", {}).items():
            if name not in promised:
                yield f"{path}.{name} is written by nobody"
                continue
            if name in wish.get("required", ()) and name not in promise.get("required", ()):
                yield f"{path}.{name} may be missing"
            yield from self.of(field, promised[name], f"{path}.{name}")


def _alternatives(schema: Schema, definitions: Schema) -> list[Schema]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return _alternatives(definitions[name], definitions)
    if "anyOf" in schema:
        return [one for part in schema["anyOf"] for one in _alternatives(part, definitions)]
    return [schema]


def _same_type(wish: Schema, promise: Schema) -> bool:
    wished, promised = wish.get("type"), promise.get("type")
    if promised != wished and promised not in _WIDER.get(str(wished), ()):
        return False
    return wish.get("format") not in _FORMATS or wish.get("format") == promise.get("format")


def _values(wish: Schema, promise: Schema, path: str) -> Iterator[str]:
    wished, promised = _listed(wish), _listed(promise)
    if wished is None:
        return
    if promised is None:
        yield f"{path} may be any {promise.get('type')}, wished is one of {sorted(wished)}"
    elif promised - wished:
        yield f"{path} may be {sorted(promised - wished)}, which the wish does not know"


def _listed(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({str(schema["const"])})
    return frozenset(map(str, schema["enum"])) if "enum" in schema else None


def _named(schema: Schema) -> str:
    kind, form = schema.get("type", "anything"), schema.get("format")
    return f"{kind} ({form})" if form else str(kind)
