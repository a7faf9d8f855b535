"""What the five services offer one another and the world, as their own code says it."""

import ast
import importlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from shared.kernel.errors import DomainError
from shared.messaging.envelope import ConsumedItem, PublishedItem
from shared.storage.database import Database
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys, platform_for_tests
from shared.testing.tokens import Issuer

REPOSITORY = Path(__file__).parents[2]
SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")

_CODE = re.compile(rf"(shared|{'|'.join(SERVICES)})\.[a-z0-9]+(-[a-z0-9]+)+")


def published(service: str) -> Mapping[str, type[PublishedItem]]:
    """Return the items a service promises, by the type of their event."""
    return _items(service, "published", PublishedItem)


def consumed(service: str) -> Mapping[str, type[ConsumedItem]]:
    """Return the items a service wishes to read, by the type of their event."""
    return _items(service, "consumed", ConsumedItem)


def all_published() -> dict[str, type[PublishedItem]]:
    """Return every promise of the house, by type."""
    return {kind: item for service in SERVICES for kind, item in published(service).items()}


def main_of(service: str) -> ModuleType:
    """Return a service's composition root."""
    return importlib.import_module(f"services.{service}.main")


@cache
def application(service: str) -> FastAPI:
    """Return a service's application on a platform whose storage is never asked."""
    main = main_of(service)
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder)
        make_test_keys(keys, *SERVICES)
        platform = platform_for_tests(
            service,
            Database("postgresql://nobody@127.0.0.1:1/nothing"),
            clock=FixedClock(),
            keys=keys,
            verifier=Issuer().verifier(),
        )
        made: FastAPI = main.create_app(main.Settings(sanad_profile="demo"), platform)
    return made


def problem_codes() -> list[str]:
    """Return every stable code by which a refusal or a reject can be told from another."""
    for name in _module_names():
        importlib.import_module(name)
    declared = {code for error in _refusals(DomainError) if (code := getattr(error, "code", None))}
    return sorted(declared | set(_written_codes()))


def _items(service: str, room: str, kind: type[Any]) -> dict[str, type[Any]]:
    try:
        module = importlib.import_module(f"services.{service}.events.{room}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith(f"services.{service}.events"):
            return {}
        raise
    shapes = [shape for shape in vars(module).values() if _is_item(shape, kind, module)]
    return {shape.TYPE: shape for shape in shapes}


def _is_item(shape: object, kind: type[Any], module: ModuleType) -> bool:
    if not isinstance(shape, type) or not issubclass(shape, kind):
        return False
    return shape.__module__ == module.__name__ and hasattr(shape, "TYPE")


def _sources() -> Iterator[Path]:
    for package in ("shared", *(f"services/{name}" for name in SERVICES)):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            relative = path.relative_to(REPOSITORY)
            if not {"migrations", "testing"}.intersection(relative.parts):
                yield path


def _module_names() -> Iterator[str]:
    for path in _sources():
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__")


def _refusals(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for subclass in error.__subclasses__():
        if subclass.__module__.startswith(("shared.", "services.")):
            yield subclass
            yield from _refusals(subclass)


def _written_codes() -> Iterator[str]:
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and _CODE.fullmatch(str(getattr(node, "value", ""))):
                yield str(getattr(node, "value", ""))
