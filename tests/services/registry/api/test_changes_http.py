"""Declarations, receipts, history, guardians and attestations over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.main import create_app
from services.registry.settings import Settings
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.changing import a_declaration, on_file, person_id_of
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import an_idcs
from tests.services.registry.partners import SOCIAL_SECURITY, a_purpose, agree_on

SCOPES = (
    "registry.declarations:write",
    "registry.receipts:read",
    "registry.guardians:read",
    "registry.guardians:write",
    "registry.attestations:write",
    "registry.households:read",
    "registry.persons:read",
)
ATTESTATIONS = "/registry/v1/attestations"
DECLARATIONS = "/registry/v1/declarations"


@pytest.fixture
def app(registry: Registry, keys: Path, issuer: Issuer) -> FastAPI:
    """Return the registry's application on the test's database."""
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    return create_app(Settings(sanad_profile="demo"), platform)


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may declare, and read what came of it."""
    headers = issuer.headers(*SCOPES, subject="cnss") | {"Idempotency-Key": "a-key"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://registry.test", headers=headers
    ) as client:
        yield client


async def test_a_declaration_acts_once_and_its_receipt_can_be_read_again(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    first, _ = await on_file(registry)
    body = a_declaration("departure", household_id=str(first), person=an_idcs(2))
    sent = await client.post(DECLARATIONS, json=body)
    again = await client.post(DECLARATIONS, json=body)
    assert (sent.status_code, again.status_code) == (201, 201)
    receipt = sent.json()
    assert again.json() == receipt
    assert again.headers["Idempotent-Replayed"] == "true"
    assert receipt["verb"] == "departure"
    assert receipt["households"] == [
        {"part": "household", "household_id": str(first), "version": 2}
    ]
    read = await client.get(f"/registry/v1/receipts/{receipt['receipt_id']}")
    assert read.json() == receipt
    sought = {"receipt_number": receipt["receipt_number"]}
    found = await client.post("/registry/v1/receipts/search", json=sought)
    assert found.json() == receipt


async def test_a_refusal_names_every_fault_and_repeats_nothing(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await on_file(registry)
    body = a_declaration("marriage", spouses=[an_idcs(8), an_idcs(9)])
    response = await client.post(DECLARATIONS, json=body)
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "registry.declaration-refused"
    assert problem["errors"] == [{"field": "spouses", "code": "registry.person-unknown"}] * 2
    assert an_idcs(8) not in response.text
    # A refused request may be put right under the same key: nothing of it was kept.
    mended = a_declaration("death", person=an_idcs(5))
    assert (await client.post(DECLARATIONS, json=mended)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"verb": "resurrection"},
        a_declaration("death"),
        a_declaration("death", person="123"),
        a_declaration("death", person=an_idcs(5), because="unknown"),
        a_declaration("death", person=an_idcs(5), occurred_on="yesterday"),
        a_declaration("review", household_id="somewhere"),
    ],
    ids=["no such verb", "nobody", "no idcs", "a field too many", "no date", "no id"],
)
async def test_a_body_of_another_shape_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    response = await client.post(DECLARATIONS, json=body)
    assert (response.status_code, response.json()["code"]) == (422, "shared.request-invalid")


async def test_a_declaration_needs_a_key_a_purpose_and_the_right(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    body = a_declaration("death", person=an_idcs(5))
    keyless = await client.post(DECLARATIONS, json=body, headers={"Idempotency-Key": ""})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "shared.idempotency-key-missing")
    reader = issuer.headers("registry.receipts:read")
    refused = await client.post(DECLARATIONS, json=body, headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "shared.scope-missing")
    del client.headers["Sanad-Purpose"]
    purposeless = await client.post(DECLARATIONS, json=body)
    assert (purposeless.status_code, purposeless.json()["code"]) == (403, "shared.purpose-missing")


async def test_history_comes_page_by_page_to_those_of_the_region(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    first, _ = await on_file(registry)
    review = a_declaration("review", household_id=str(first))
    await client.post(DECLARATIONS, json=review)
    address = f"/registry/v1/households/{first}/versions"
    page = (await client.get(address, params={"limit": 1})).json()
    assert [item["verb"] for item in page["items"]] == ["review"]
    rest = (await client.get(address, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [(item["version"], item["verb"]) for item in rest["items"]] == [(1, "registration")]
    person = f"/registry/v1/persons/{await person_id_of(registry, 1)}/versions"
    assert [item["version"] for item in (await client.get(person)).json()["items"]] == [1]
    elsewhere = issuer.headers(*SCOPES, regions=["04"])
    for hidden in (address, person):
        assert (await client.get(hidden, headers=elsewhere)).status_code == 404
    mixed_up = await client.get(address, params={"cursor": "WyJhIl0"})
    assert (mixed_up.status_code, mixed_up.json()["code"]) == (422, "shared.cursor-malformed")


async def test_a_guardian_is_recorded_read_and_ended(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await on_file(registry)
    address = f"/registry/v1/persons/{await person_id_of(registry, 3)}/guardians"
    body = {
        "guardian": an_idcs(1),
        "relation": "mother",
        "valid_from": "2026-10-01",
        "evidence": {"kind": "family_booklet"},
    }
    made = await client.post(address, json=body)
    assert made.status_code == 201
    assert (await client.get(address)).json()["items"] == [made.json()]
    child = body | {"guardian": an_idcs(3)}
    refused = await client.post(address, json=child, headers={"Idempotency-Key": "another"})
    assert refused.json()["errors"] == [{"field": "guardian", "code": "registry.guardian-self"}]
    ending = {"ended_on": "2026-11-01", "evidence": {"kind": "judicial_decision"}}
    ended = await client.post(
        f"{address}/{made.json()['guardianship_id']}/end",
        json=ending,
        headers={"Idempotency-Key": "a third"},
    )
    assert (ended.status_code, ended.json()["valid_to"]) == (200, "2026-11-01")
    assert (await client.get(address)).json()["items"] == []


async def test_facts_are_reported_in_bulk(client: httpx.AsyncClient, registry: Registry) -> None:
    await on_file(registry)
    await agree_on(registry, client=SOCIAL_SECURITY)
    said = {"fact": "pension", "value": True, "source": "cnss", "valid_from": "2026-01-01"}
    items = [said | {"idcs": an_idcs(number)} for number in (1, 2, 9)]
    response = await client.post(ATTESTATIONS, json={"items": items})
    assert response.status_code == 200
    assert response.json() == {
        "recorded": 2,
        "unchanged": 0,
        "refused": [{"position": 2, "field": "", "code": "registry.person-unknown"}],
    }
    for wrong in ([], [said], [said | {"idcs": an_idcs(1), "token": "t"}], items * 334):
        refused = await client.post(ATTESTATIONS, json={"items": wrong})
        assert refused.status_code == 422


async def test_facts_are_reported_by_the_policy_of_the_client(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    await on_file(registry)
    said = {"fact": "pension", "value": True, "source": "cnss", "valid_from": "2026-01-01"}
    body = {"items": [said | {"idcs": an_idcs(number)} for number in (1, 2)]}

    async def refused(key: str, **headers: str) -> tuple[int, str]:
        headers |= {"Idempotency-Key": key}
        response = await client.post(ATTESTATIONS, json=body, headers=headers)
        return response.status_code, response.json()["code"]

    assert await refused("no policy") == (403, "registry.policy-missing")
    # Another client, for a process knows for some seconds that this one had no policy.
    other = issuer.headers("registry.attestations:write", subject="cmr", purposes=["reporting"])
    other |= {"Sanad-Purpose": "reporting"}
    await agree_on(registry, client="cmr")
    assert await refused("a purpose", **other) == (403, "registry.purpose-not-agreed")
    third = issuer.headers("registry.attestations:write", subject="rcar")
    await agree_on(registry, client="rcar", quota_per_day=1)
    assert await refused("a quota", **third) == (429, "registry.quota-spent")
    fourth = issuer.headers("registry.attestations:write", subject="cimr")
    await agree_on(registry, client="cimr", batch=False)
    assert await refused("a batch", **fourth) == (403, "registry.batch-not-agreed")
    assert await registry.databases.value("SELECT count(*) FROM attestation") == 0


async def test_a_repeated_report_is_answered_again_and_counts_once(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await on_file(registry)
    await agree_on(registry, client=SOCIAL_SECURITY, quota_per_day=6)
    said = {"fact": "pension", "value": True, "source": "cnss", "valid_from": "2026-01-01"}
    body = {"items": [said | {"idcs": an_idcs(number)} for number in (1, 2)]}

    async def report(key: str) -> httpx.Response:
        return await client.post(ATTESTATIONS, json=body, headers={"Idempotency-Key": key})

    async with asyncio.TaskGroup() as group:
        at_once = [group.create_task(report("first")) for _ in range(3)]
    first = (await report("first")).json()
    assert first["recorded"] == 2
    assert [one.result().json() for one in at_once] == [first] * 3
    assert [(await report(key)).status_code for key in ("second", "third")] == [200, 200]
    assert (await report("fourth")).status_code == 429
    again = await report("first")
    assert (again.status_code, again.json()) == (200, first)


async def test_a_report_needs_no_consent_where_a_question_would(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await on_file(registry)
    asked_first = (a_purpose(consent_required=True),)
    await agree_on(registry, client=SOCIAL_SECURITY, purposes=asked_first)
    said = {"fact": "pension", "value": True, "source": "cnss", "valid_from": "2026-01-01"}
    answer = await client.post(ATTESTATIONS, json={"items": [said | {"idcs": an_idcs(1)}]})
    assert (answer.status_code, answer.json()["recorded"]) == (200, 1)
