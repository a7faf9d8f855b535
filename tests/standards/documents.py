"""The OpenAPI documents of other people's standards, and messages held against them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import FormatChecker
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from pydantic_settings import BaseSettings
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.architecture.tidy import REPOSITORY

BASE = "urn:standard"
JSON = "application/json"


class Where(BaseSettings):
    """Where the documents are; none of them is ours, so none is in this repository."""

    sanad_standards: Path = REPOSITORY.parent / "shared" / "standards"


@dataclass(frozen=True, eq=False)
class StandardDocument:
    """One OpenAPI document."""

    text: dict[str, Any]

    def faults_of_request(self, path: str, body: Any) -> list[str]:  # noqa: ANN401 -- any JSON
        """Return what is wrong with a body posted to a path."""
        return self._faults(f"#/paths/{_escaped(path)}/post/requestBody/content", body)

    def faults_of_answer(self, path: str, status: int, body: Any) -> list[str]:  # noqa: ANN401
        """Return what is wrong with an answer of a path."""
        answers = self.text["paths"][path]["post"]["responses"]
        key = str(status) if str(status) in answers else "default"
        reference = answers[key].get("$ref", f"#/paths/{_escaped(path)}/post/responses/{key}")
        return self._faults(f"{reference}/content", body)

    @property
    def paths(self) -> list[str]:
        """Return the paths that the standard has."""
        return list(self.text["paths"])

    def _faults(self, content: str, body: Any) -> list[str]:  # noqa: ANN401 -- any JSON
        validator = OAS30Validator(
            {"$ref": f"{BASE}{content}/{_escaped(JSON)}/schema"},
            registry=_registry(self),
            format_checker=_formats(),
        )
        return [
            f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)
        ]


@lru_cache
def read_document(name: str) -> StandardDocument:
    """Return the document of a standard; without it nothing can be said about us."""
    text = (Where().sanad_standards / name).read_text("utf-8")
    return StandardDocument(yaml.load(text, Loader=yaml.CSafeLoader))


@lru_cache
def _registry(document: StandardDocument) -> Registry[Any]:
    resource: Resource[Any] = Resource.from_contents(document.text, DRAFT4)
    registry: Registry[Any] = Registry().with_resource(BASE, resource)
    return registry


def _formats() -> FormatChecker:
    return oas30_format_checker


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
