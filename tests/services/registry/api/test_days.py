"""Days in requests are written out, a number is none, nor is an instant; and they have come."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from services.registry.api.attestations import AttestationSaid
from services.registry.api.consents import ConsentBody
from services.registry.api.declaration_bodies import DeclarationBody
from services.registry.api.exports import ExportRequest
from services.registry.api.guardians import GuardianBody
from services.registry.api.search import PersonSearch
from services.registry.api.verification_schemas import ClaimsBody
from shared.testing.tokens import Issuer
from tests.services.registry.changing import a_declaration, a_member, a_new_household, a_newborn
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import an_idcs

DAY = "2026-11-18"
NO_DAYS: tuple[object, ...] = (
    0,
    1_763_424_000,
    0.0,
    True,
    "0",
    "1763424000",
    "2026-11-18T00:00:00Z",
    "18/11/2026",
    [],
)
HOUSEHOLD = "019aa05c-8bd4-7b0c-9d61-2f4a6b8e1c35"
_DECLARATION: TypeAdapter[Any] = TypeAdapter(DeclarationBody)


def occurring(day: object) -> Any:  # noqa: ANN401 -- a body
    """Return a declaration of what happened on a day."""
    stated = a_declaration("review", household_id=HOUSEHOLD, occurred_on=day)
    return _DECLARATION.validate_python(stated).occurred_on


def bearing(day: object) -> Any:  # noqa: ANN401 -- a body
    """Return a declaration that somebody was born on a day."""
    stated = a_declaration(
        "birth",
        household_id=HOUSEHOLD,
        newborn=a_newborn(6, birth_date=day),
        member={"health_cover": "none"},
        mother=an_idcs(1),
    )
    return _DECLARATION.validate_python(stated).newborn.birth_date


def applying(day: object) -> Any:  # noqa: ANN401 -- a body
    """Return a declaration that forwards an application of a day."""
    applications = [{"programme": "asd", "applied_on": day}]
    stated = a_declaration(
        "registration",
        household=a_new_household(a_member(1)),
        forwarded={"applications": applications},
    )
    return _DECLARATION.validate_python(stated).forwarded.applications[0].applied_on


def consenting(day: object, *, field: str) -> Any:  # noqa: ANN401 -- a body
    """Return a consent whose period begins or ends on a day."""
    stated: Mapping[str, object] = {
        "idcs": an_idcs(1),
        "client": "a-partner",
        "purpose": "verification",
        "attributes": ["sex"],
        "valid_from": DAY,
        "valid_until": DAY,
        "evidence": {"kind": "signed-paper", "reference": "7"},
        field: day,
    }
    return getattr(ConsentBody.model_validate(stated), field)


BODIES: Mapping[str, Callable[[object], Any]] = {
    "occurred_on": occurring,
    "newborn": bearing,
    "applied_on": applying,
    "valid_from": lambda day: consenting(day, field="valid_from"),
    "valid_until": lambda day: consenting(day, field="valid_until"),
    "guardian": lambda day: GuardianBody.model_validate(
        {
            "guardian": an_idcs(1),
            "relation": "mother",
            "valid_from": day,
            "evidence": {"kind": "judicial_decision", "reference": "7"},
        }
    ),
    "attestation": lambda day: AttestationSaid.model_validate(
        {
            "idcs": an_idcs(1),
            "fact": "pension",
            "value": True,
            "source": "cmr",
            "valid_from": day,
        }
    ),
    "export": lambda day: ExportRequest.model_validate({"kind": "persons", "valid_on": day}),
    "search": lambda day: PersonSearch.model_validate({"name": "Tazi", "birth_date": day}),
    "claims": lambda day: ClaimsBody.model_validate({"birth_date": day}),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("stated", NO_DAYS, ids=repr)
def test_what_is_no_written_day_is_refused(body: str, stated: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        BODIES[body](stated)
    assert [fault["type"] for fault in refusal.value.errors()] == ["value_error"]


@pytest.mark.parametrize("body", BODIES)
def test_a_written_day_is_taken_if_there_is_one(body: str) -> None:
    assert BODIES[body](DAY)
    with pytest.raises(ValidationError):
        BODIES[body]("2026-02-30")


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may look people up, and read counts."""
    scopes = (
        "registry.consents:read",
        "registry.consents:write",
        "registry.guardians:read",
        "registry.households:read",
        "registry.persons:read",
        "registry.persons:search",
        "registry.persons:verify",
        "registry.statistics:read",
    )
    async with at_the_counter(
        registry, *scopes, keys=keys, issuer=issuer, roles=["registrar"]
    ) as client:
        yield client


async def test_a_number_for_a_day_is_a_fault_of_the_request(client: httpx.AsyncClient) -> None:
    search = {"name": "Tazi", "birth_date": 0}
    answer = await client.post("/registry/v1/persons/search", json=search)
    assert (answer.status_code, answer.json()["code"]) == (422, "shared.request-invalid")
    assert [fault["field"] for fault in answer.json()["errors"]] == ["body.birth_date"]
    daily = await client.get("/registry/v1/statistics/daily", params={"from": "0"})
    assert (daily.status_code, daily.json()["code"]) == (422, "shared.request-invalid")


PERSONS = "/registry/v1/persons"
TOMORROW = "2026-11-21"


def refused(answer: httpx.Response, field: str) -> None:
    """Require that a field is refused since its time has not come."""
    assert (answer.status_code, answer.json()["code"]) == (422, "shared.request-invalid")
    assert answer.json()["errors"] == [{"field": field, "code": "date_in_future"}]


@pytest.mark.parametrize(
    ("path", "day", "instant"),
    [
        (f"{PERSONS}/{HOUSEHOLD}", "valid_on", "known_at"),
        (f"{PERSONS}/{HOUSEHOLD}/guardians", "valid_on", "known_at"),
        (f"{PERSONS}/{HOUSEHOLD}/versions", None, "known_at"),
        (f"/registry/v1/households/{HOUSEHOLD}", "valid_on", "known_at"),
        (f"/registry/v1/households/{HOUSEHOLD}/versions", None, "known_at"),
        ("/registry/v1/statistics/daily", "from", None),
        ("/registry/v1/statistics/daily", "to", None),
    ],
)
async def test_nothing_is_true_or_known_before_its_time(
    client: httpx.AsyncClient, registry: Registry, path: str, day: str | None, instant: str | None
) -> None:
    today, now = registry.clock.today(), registry.clock.now()
    later = {day: str(today + timedelta(days=1)), instant: (now + timedelta(seconds=1)).isoformat()}
    for field, present in {day: str(today), instant: now.isoformat()}.items():
        if field is not None:
            refused(await client.get(path, params={field: later[field]}), f"query.{field}")
            answer = await client.get(path, params={field: present})
            assert answer.status_code in {200, 404}


async def test_nobody_is_sought_or_verified_who_is_not_born(client: httpx.AsyncClient) -> None:
    for field, value in (("birth_date", TOMORROW), ("birth_year", 2027)):
        search = {"name": "Tazi", field: value}
        refused(await client.post(f"{PERSONS}/search", json=search), f"body.{field}")
        item = {"idcs": an_idcs(1), "attributes": {field: value}}
        single = await client.post(f"{PERSONS}/verify", json=item)
        refused(single, f"body.attributes.{field}")
        born = {"idcs": an_idcs(1), "attributes": {"birth_date": DAY, "birth_year": 2026}}
        batch = await client.post(f"{PERSONS}/verify-batch", json={"items": [born, item]})
        refused(batch, f"body.items.1.attributes.{field}")


async def test_nobody_has_consented_tomorrow(client: httpx.AsyncClient) -> None:
    consent = {
        "idcs": an_idcs(1),
        "client": "a-partner",
        "purpose": "enrolment-check",
        "attributes": ["sex"],
        "valid_from": TOMORROW,
        "valid_until": "2027-11-20",
        "evidence": {"kind": "signed-paper", "reference": "7"},
    }
    headers = {"Idempotency-Key": "tomorrow"}
    answer = await client.post("/registry/v1/consents", json=consent, headers=headers)
    refused(answer, "body.valid_from")
    today = consent | {"valid_from": "2026-11-20"}
    answer = await client.post("/registry/v1/consents", json=today, headers=headers)
    assert answer.json()["code"] == "registry.policy-missing"
