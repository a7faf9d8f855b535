"""What is checked in below docs/ is what the code promises; `make schemas` writes it anew."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.contracts.house import REPOSITORY, SERVICES, all_published, application
from tests.contracts.schemas import event_schema, stale_files

# What a caller may meet anywhere; design of the HTTP contract.
EVERYWHERE = {"400", "401", "403", "413", "415", "422", "429", "503"}
METHODS = {"get", "put", "post", "delete", "patch"}


def test_the_checked_in_schemas_are_what_the_code_promises() -> None:
    stale = [str(path.relative_to(REPOSITORY)) for path in stale_files()]

    assert not stale, f"Run make schemas, and say in CHANGELOG.md what changed: {stale}"


@pytest.mark.parametrize("kind", sorted(all_published()))
def test_an_event_schema_is_a_valid_schema(kind: str) -> None:
    Draft202012Validator.check_schema(event_schema(all_published()[kind]))


@pytest.mark.parametrize("service", SERVICES)
def test_an_openapi_document_is_valid(service: str) -> None:
    validate(application(service).openapi())


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_an_id_of_its_own(service: str) -> None:
    identifiers = [operation["operationId"] for _, operation in operations(service)]

    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_declares_the_refusals_a_caller_may_meet_anywhere(service: str) -> None:
    silent = {
        place: sorted(EVERYWHERE - operation["responses"].keys())
        for place, operation in operations(service)
        if not operation["responses"].keys() >= EVERYWHERE
    }

    assert not silent


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "gateway"])
def test_every_operation_asks_for_a_scope_of_its_service(service: str) -> None:
    scopes = {place: asked_scopes(operation) for place, operation in operations(service)}

    assert scopes
    assert not {place for place, asked in scopes.items() if not asked}
    assert all(scope.startswith(f"{service}.") for asked in scopes.values() for scope in asked)


def asked_scopes(operation: dict[str, Any]) -> set[str]:
    ways = operation.get("security", [])
    return {scope for way in ways for scopes in way.values() for scope in scopes}


def operations(service: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in application(service).openapi().get("paths", {}).items()
        for method, operation in methods.items()
        if method in METHODS
    ]
