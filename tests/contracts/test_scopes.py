"""Roles and routes agree: no scope that opens nothing, no route that nobody may call."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.architecture.tidy import REPOSITORY

ROLES = tomllib.loads((REPOSITORY / "services/gateway/domain/roles.toml").read_text("utf-8"))
DOCUMENTS = sorted((REPOSITORY / "docs/openapi").glob("*.json"))
# Asked for in the route itself, by the level that the body names.
SCOPES_OF_A_LEVEL = frozenset({"payments.cycles:approve-1", "payments.cycles:approve-2"})


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield service, `METHOD path` and description of every operation."""
    for document in DOCUMENTS:
        for path, methods in json.loads(document.read_text("utf-8"))["paths"].items():
            for method, operation in methods.items():
                yield document.stem, f"{method.upper()} {path}", operation


def scopes_of(operation: dict[str, Any]) -> set[str]:
    """Return the scopes an operation asks for."""
    return {scope for need in operation.get("security", []) for scope in need.get("oauth2", [])}


def test_every_scope_of_a_route_is_known_and_every_known_scope_opens_a_route() -> None:
    asked = set().union(*(scopes_of(operation) for _, _, operation in operations()))
    assert asked | SCOPES_OF_A_LEVEL == set(ROLES["scopes"])


def test_every_scope_is_held_by_a_role() -> None:
    held = {scope for role in ROLES["roles"].values() for scope in role["scopes"]}
    assert held == set(ROLES["scopes"])


# Questions whose identifiers must not stand in a URL.
ASKS = re.compile(r"POST /registry/v1/.*/(verify|verify-batch|kyc|look-up|search)")
# Told apart by sender and message id, as their standard says.
OF_A_STANDARD = re.compile(r"POST /dci/")
MOVES = [
    pytest.param(operation, id=name)
    for service, name, operation in operations()
    if name.startswith("POST")
    and service != "gateway"
    and not (ASKS.fullmatch(name) or OF_A_STANDARD.match(name))
]
DISCLOSURES = [
    pytest.param(operation, id=name)
    for _, name, operation in operations()
    if "{household_id}" in name or "{person_id}" in name
]


@pytest.mark.parametrize("operation", MOVES)
def test_what_changes_something_takes_an_idempotency_key(operation: dict[str, Any]) -> None:
    headers = {parameter["name"] for parameter in operation["parameters"]}
    assert "Idempotency-Key" in headers


@pytest.mark.parametrize("operation", DISCLOSURES)
def test_what_discloses_somebody_asks_for_a_purpose(operation: dict[str, Any]) -> None:
    headers = {parameter["name"] for parameter in operation["parameters"]}
    assert "Sanad-Purpose" in headers


def test_nobody_may_both_open_and_approve_a_cycle() -> None:
    for role in ROLES["roles"].values():
        scopes = set(role["scopes"])
        assert len(scopes & {"payments.cycles:write", *SCOPES_OF_A_LEVEL}) <= 1
