"""The registry's whole API under generated requests: it refuses in its own words, and whole.

The real application answers, on real PostgreSQL. Every answer is held against the OpenAPI document,
and a refused request must leave no row behind.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.registry.domain.policies import Attribute, DciPolicy, PolicyPurpose, SignatureRule
from services.registry.main import create_app
from services.registry.settings import Settings
from shared.runtime.ids import new_id
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.api.fuzzing import Callers, Known, Tables
from tests.services.registry.api.messages import MESSAGES, spoiled
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_partner import SENDER
from tests.services.registry.declaring import (
    RABAT,
    TANGIER,
    a_file,
    a_household,
    a_person,
    an_idcs,
    content_digest,
)
from tests.services.registry.partners import agree_on

SEED = 20261122
REQUESTS = 240
PER_OPERATION_LEAST = 2
SPOILED_TIMES = 11
FIRST_REFUSAL = 400
FIRST_FAULT = 500
NOT_ADMITTED = {401, 403}
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
PARTNER = "a-partner"
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
Request: TypeAlias = Case[Any]
ResultT = TypeVar("ResultT")


@dataclass
class Fuzzed:
    """The application under fuzz, and what was found."""

    client: httpx.AsyncClient
    callers: Callers
    known: Known
    tables: Tables
    loop: asyncio.AbstractEventLoop
    found: list[str] = field(default_factory=list)
    statuses: dict[str, set[int]] = field(default_factory=dict)
    """What each operation answered."""
    requests: int = 0
    state: Mapping[str, str] = field(default_factory=dict)
    """The tables after the last request."""

    def ask_generated(self, case: Request) -> None:
        """Send a generated request; every other one speaks of somebody who exists."""
        self.requests += 1
        if self.requests % 2:
            case.path_parameters = self.known.put_into(case.path_parameters)
            case.query = self.known.put_into(case.query)
            case.body = self.known.put_into(case.body)
            case.headers["Idempotency-Key"] = str(new_id())
        self.ask(case)

    def ask(self, case: Request) -> None:
        """Send a request from the thread of hypothesis, and judge the answer."""
        label = f"{case.operation.method.upper()} {case.operation.path}"
        before = self.state or self._await(self.tables.state())
        response = self._await(self._send(case))
        self.state = self._await(self.tables.state())
        status = response.status_code
        self.statuses.setdefault(label, set()).add(status)
        if status >= FIRST_FAULT:
            self.found.append(f"{label}: {status} to {case.as_curl_command()}")
            return
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            failures = sorted({f"{one.title}: {one.message}" for one in group.exceptions})
            self.found.append(f"{label}: {status} {failures} {response.text[:300]}")
        written = sorted(name for name, state in self.state.items() if before.get(name) != state)
        if status >= FIRST_REFUSAL and written:
            self.found.append(f"{label}: {status} wrote {written} {case.as_curl_command()}")

    async def _send(self, case: Request) -> httpx.Response:
        kwargs = case.as_transport_kwargs(base_url="http://registry.test")
        headers = httpx.Headers(
            {name: str(value) for name, value in (kwargs.get("headers") or {}).items()}
        )
        headers.update(self.callers.headers(case.operation.definition.raw))
        if isinstance(kwargs.get("data"), bytes):
            headers["Content-Digest"] = content_digest(kwargs["data"])
        request = self.client.build_request(
            kwargs["method"],
            kwargs["url"],
            params=kwargs.get("params"),
            headers=headers,
            **_body(kwargs),
        )
        return await self.client.send(request)

    def _await(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)


@schemathesis.serializer("application/jsonl", "text/csv")
def as_bytes(_: object, value: object) -> bytes:
    """Return a generated file: bytes as they are, anything else as a line of JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _body(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {
        ours: kwargs[theirs]
        for theirs, ours in (("json", "json"), ("data", "content"))
        if kwargs.get(theirs) is not None
    }


async def a_register(registry: Registry) -> dict[str, Any]:
    """Record a few people and a partner that may learn everything; return what they are called."""
    people = [a_person(number) for number in range(1, 4)]
    await registry.load(a_file(*people, a_household(1, [1, 2])), key="seed")
    await agree_on(
        registry,
        client=PARTNER,
        purposes=(PolicyPurpose("enrolment-check", "Law 72-18", consent_required=False),),
        told=frozenset(Attribute),
        detail=True,
        dci=DciPolicy(SENDER, ("127.0.0.1",), SignatureRule.OPTIONAL, None),
    )
    (row,) = await registry.databases.rows(
        "SELECT person_id, household_id FROM residence ORDER BY person_id LIMIT 1"
    )
    return {
        "idcs": an_idcs(1),
        "person_id": str(row["person_id"]),
        "household_id": str(row["household_id"]),
        "client": "another-partner",
        "commune": TANGIER,
        "province": "01.511",
        "region": "01",
        "commune_code": RABAT,
        "within": "01",
        "sender_id": SENDER,
    }


@pytest.fixture
async def fuzzed(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[Fuzzed]:
    """Return the application on a register of a few people."""
    known = await a_register(registry)
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    app = create_app(Settings(sanad_profile="demo"), platform)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
        yield Fuzzed(
            client,
            Callers(issuer, {"citizen": known["person_id"], "partner": PARTNER}),
            Known(known),
            Tables(registry.databases),
            asyncio.get_running_loop(),
        )


async def test_no_generated_request_gets_a_fault_or_leaves_a_trace_when_refused(
    fuzzed: Fuzzed,
) -> None:
    operations = await operations_of(fuzzed)
    examples = max(PER_OPERATION_LEAST, REQUESTS // len(operations) // len(GenerationMode))
    for operation in operations.values():
        for mode in GenerationMode:
            await asyncio.to_thread(generate, fuzzed, operation, mode, examples)
    assert fuzzed.found == []
    assert [label for label, seen in fuzzed.statuses.items() if seen <= NOT_ADMITTED] == []


async def test_no_spoiled_message_gets_a_fault_or_leaves_a_trace_when_refused(
    fuzzed: Fuzzed,
) -> None:
    operations = await operations_of(fuzzed)
    for path, message in MESSAGES.items():
        operation = operations["POST", path]
        for body in spoiled(message, times=SPOILED_TIMES, seed=SEED):
            case = operation.Case(
                body=body,
                media_type="application/json",
                headers={"Idempotency-Key": str(new_id())},
            )
            await asyncio.to_thread(fuzzed.ask, case)
    assert fuzzed.found == []
    refused_whole = [label for label, seen in fuzzed.statuses.items() if min(seen) >= FIRST_REFUSAL]
    assert refused_whole == []


async def operations_of(fuzzed: Fuzzed) -> dict[tuple[str, str], Operation]:
    """Return the operations of the served document by method and path."""
    document = (await fuzzed.client.get("/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    read = [result for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(read) == sum(map(len, document["paths"].values()))
    operations = [result.ok() for result in read]
    return {(operation.method.upper(), operation.path): operation for operation in operations}


def generate(fuzzed: Fuzzed, operation: Operation, mode: GenerationMode, examples: int) -> None:
    """Send requests that fit the document of an operation, or that do not."""

    @seed(SEED)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Request) -> None:
        fuzzed.ask_generated(case)

    # Some operations have nothing that could be wrong.
    with suppress(Unsatisfiable):
        ask()
