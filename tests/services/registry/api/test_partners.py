"""Partners over HTTP: policies, verification within them, and consents."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.main import create_app
from services.registry.settings import Settings
from shared.runtime.ids import new_id
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_person, an_idcs

KEEPER = ("registry.partners:read", "registry.partners:write")
HOSPITAL = ("registry.persons:verify", "registry.persons:kyc", "registry.consents:write")
STAFF = ("registry.persons:read", "registry.consents:read", "registry.consents:write")
ADDRESS = "/registry/v1/partners/hospital"
PERSONS = "/registry/v1/persons"
CONSENTS = "/registry/v1/consents"
PURPOSE = {"code": "identity-verification", "legal_basis": "Law 72-18", "consent_required": False}
POLICY: dict[str, Any] = {
    "name_ar": "المستشفى الجهوي",
    "name_fr": "Hôpital régional",
    "purposes": [PURPOSE],
    "told": ["birth_date", "name_latin", "document", "phones"],
    "verified": ["sex"],
    "detail": True,
    "identifier": "token",
    "regions": ["*"],
    "quota_per_day": 1_000,
    "batch": True,
    "dci": {
        "sender_id": "hospital.example",
        "callback_hosts": ["hospital.example"],
        "signature": "required",
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "abc", "kid": "one"}]},
    },
}
QUESTION = {"idcs": an_idcs(1), "attributes": {"birth_date": "1989-04-12", "sex": "F"}}


@pytest.fixture
async def app(registry: Registry, keys: Path, issuer: Issuer) -> FastAPI:
    """Return the registry's application; one person is registered."""
    await registry.load(a_file(a_person(1)), key="k")
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    return create_app(Settings(sanad_profile="demo"), platform)


@pytest.fixture
async def keeper(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return whoever keeps the partners' policies."""
    async with _client(app, issuer.headers(*KEEPER, subject="keeper")) as client:
        yield client


@pytest.fixture
async def hospital(
    app: FastAPI, issuer: Issuer, keeper: httpx.AsyncClient
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a hospital's system, whose policy is in force."""
    assert (await keeper.put(ADDRESS, json=POLICY)).status_code == 200
    async with _client(app, issuer.headers(*HOSPITAL, subject="hospital")) as client:
        yield client


@pytest.fixture
async def staff(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return somebody of the registry's own staff."""
    headers = issuer.headers(*STAFF, subject="staff", roles=["registrar"])
    async with _client(app, headers) as client:
        yield client


def _client(app: FastAPI, headers: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://registry.test", headers=headers
    )


async def test_a_policy_is_written_and_read_with_its_version(keeper: httpx.AsyncClient) -> None:
    written = await keeper.put(ADDRESS, json=POLICY)
    read = await keeper.get(ADDRESS)
    assert (written.status_code, read.status_code) == (200, 200)
    assert read.json() == written.json()
    assert read.headers["ETag"] == '"1"'
    policy = read.json()
    assert policy["dci"]["jwks"]["keys"][0]["kid"] == "one"
    assert {"client": "hospital", "version": 1}.items() <= policy.items()


async def test_a_policy_is_replaced_only_by_who_read_it(keeper: httpx.AsyncClient) -> None:
    first = await keeper.put(ADDRESS, json=POLICY)
    blind = await keeper.put(ADDRESS, json=POLICY)
    assert (blind.status_code, blind.json()["code"]) == (428, "registry.policy-version-missing")
    newer = POLICY | {"quota_per_day": 5}
    read = {"If-Match": first.headers["ETag"]}
    assert (await keeper.put(ADDRESS, json=newer, headers=read)).json()["version"] == 2
    late = await keeper.put(ADDRESS, json=POLICY, headers=read)
    assert (late.status_code, late.json()["code"]) == (412, "registry.policy-changed")
    assert (await keeper.get(ADDRESS)).json()["quota_per_day"] == 5


MALFORMED_POLICIES: list[tuple[dict[str, Any], str]] = [
    ({"told": ["religion"]}, "told.0"),
    ({"told": ["sex", "phones", "sex"]}, "told"),
    ({"verified": ["sex", "sex"]}, "verified"),
    ({"regions": ["13"]}, "regions.0"),
    ({"regions": ["01", "02", "01"]}, "regions"),
    ({"regions": ["01", "*"]}, "regions"),
    ({"purposes": [PURPOSE, PURPOSE | {"consent_required": True}]}, "purposes"),
    ({"quota_per_day": True}, "quota_per_day"),
    ({"quota_per_day": -1}, "quota_per_day"),
    ({"batch": "yes"}, "batch"),
    ({"purposes": []}, "purposes"),
    ({"name_fr": "a\nb"}, "name_fr"),
    ({"surprise": 1}, "surprise"),
    ({"dci": POLICY["dci"] | {"callback_hosts": ["http://x/"]}}, "dci.callback_hosts.0"),
    *(
        ({"dci": POLICY["dci"] | {"callback_hosts": ["hospital.example", host]}}, "dci")
        for host in (
            *("169.254.169.254", "0.0.0.0", "0.1.2.3", "224.0.0.1"),  # noqa: S104 -- refused
            *(
                "240.0.0.1",
                "255.255.255.255",
                "0xa9fea9fe",
                "2852039166",
                "169.254.43518",
                "0",
                "127.1",
            ),
            *("0x7f.1", "010.0.0.1"),
        )
    ),
    (
        {"dci": POLICY["dci"] | {"jwks": {"keys": [{"kty": "OKP", "kid": "a", "d": "x"}]}}},
        "dci.jwks.keys.0.d",
    ),
]


async def test_a_policy_that_cannot_be_is_refused_with_the_field(
    keeper: httpx.AsyncClient,
) -> None:
    for changes, field in MALFORMED_POLICIES:
        response = await keeper.put(ADDRESS, json=POLICY | changes)
        assert response.status_code == 422, field
        assert response.json()["errors"][0]["field"] == f"body.{field}"
    assert (await keeper.get(ADDRESS)).status_code == 404


UNSOUND_POLICIES: list[tuple[dict[str, Any], str]] = [
    (
        {"purposes": [{"code": "curiosity", "legal_basis": "None", "consent_required": False}]},
        "registry.purpose-unknown",
    ),
    ({"dci": POLICY["dci"] | {"jwks": None}}, "registry.signing-keys-missing"),
]


async def test_a_policy_that_could_not_be_kept_to_is_refused(keeper: httpx.AsyncClient) -> None:
    for changes, code in UNSOUND_POLICIES:
        response = await keeper.put(ADDRESS, json=POLICY | changes)
        assert (response.status_code, response.json()["code"]) == (422, code)
    assert (await keeper.get(ADDRESS)).status_code == 404
    unsigned = {"dci": POLICY["dci"] | {"jwks": None, "signature": "optional"}}
    assert (await keeper.put(ADDRESS, json=POLICY | unsigned)).status_code == 200


async def test_a_sender_goes_by_a_name_that_no_other_client_holds(
    keeper: httpx.AsyncClient,
) -> None:
    first = await keeper.put(ADDRESS, json=POLICY)
    clinic = "/registry/v1/partners/clinic"
    refused = await keeper.put(clinic, json=POLICY)
    assert (refused.status_code, refused.json()["code"]) == (409, "registry.sender-taken")
    assert (await keeper.get(clinic)).status_code == 404
    again = await keeper.put(ADDRESS, json=POLICY, headers={"If-Match": first.headers["ETag"]})
    renamed = POLICY | {"dci": POLICY["dci"] | {"sender_id": "hospital.new"}}
    match = {"If-Match": again.headers["ETag"]}
    assert (await keeper.put(ADDRESS, json=renamed, headers=match)).status_code == 200
    # The name that the hospital gave up is free.
    assert (await keeper.put(clinic, json=POLICY)).status_code == 200


async def test_of_two_who_take_a_sender_at_once_one_is_refused(keeper: httpx.AsyncClient) -> None:
    async with asyncio.TaskGroup() as group:
        writers = [
            group.create_task(keeper.put(f"/registry/v1/partners/clinic-{number}", json=POLICY))
            for number in range(4)
        ]
    assert sorted(writer.result().status_code for writer in writers) == [200, 409, 409, 409]


async def test_an_etag_from_elsewhere_is_refused(keeper: httpx.AsyncClient) -> None:
    response = await keeper.put(ADDRESS, json=POLICY, headers={"If-Match": "W/one"})
    assert (response.status_code, response.json()["code"]) == (400, "registry.etag-malformed")


async def test_a_partner_verifies_and_keeps_a_token(hospital: httpx.AsyncClient) -> None:
    verdict = (await hospital.post(f"{PERSONS}/verify", json=QUESTION)).json()
    assert verdict["verified"] is True
    assert verdict["attributes"] == {"birth_date": True, "sex": True}
    by_token = {"token": verdict["token"], "attributes": {"sex": "M"}}
    again = (await hospital.post(f"{PERSONS}/verify", json=by_token)).json()
    assert again == {"verified": False, "attributes": {"sex": False}}


async def test_a_batch_is_answered_item_by_item(hospital: httpx.AsyncClient) -> None:
    unknown = {"idcs": an_idcs(9), "attributes": {"sex": "F"}}
    malformed = {"idcs": "1234567890", "attributes": {"sex": "F"}}
    items = [QUESTION, unknown, malformed]
    answered = await hospital.post(f"{PERSONS}/verify-batch", json={"items": items})
    verdicts = answered.json()["items"]
    assert [verdict["verified"] for verdict in verdicts] == [True, False, False]
    assert verdicts[2]["fault"] == "registry.idcs-malformed"


@pytest.mark.parametrize("items", [[], [QUESTION] * 1_001], ids=["none", "too many"])
async def test_a_batch_has_a_size(hospital: httpx.AsyncClient, items: list[dict[str, Any]]) -> None:
    answered = await hospital.post(f"{PERSONS}/verify-batch", json={"items": items})
    assert answered.status_code == 422


MALFORMED_QUESTIONS: list[dict[str, Any]] = [
    {"idcs": "12345"},
    {"token": "k1." + "A" * 43},
    {"attributes": {}},
    {"attributes": {"birth_date": 0}},
    {"attributes": {"birth_date": None, "sex": "F"}},
    {"attributes": {"birth_date": "2026-02-31"}},
    {"attributes": {"birth_year": True}},
    {"attributes": {"religion": "any"}},
    {"attributes": {"cnie": "AB1", "residence_permit": "AB1"}},
    {"attributes": {"name_latin": {"given": "", "family": "X"}}},
]


async def test_a_question_that_cannot_be_read_is_refused_and_not_repeated(
    hospital: httpx.AsyncClient, registry: Registry
) -> None:
    for changes in MALFORMED_QUESTIONS:
        answered = await hospital.post(f"{PERSONS}/verify", json=QUESTION | changes)
        assert answered.status_code == 422, changes
        assert an_idcs(1) not in answered.text
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_a_partner_is_told_what_was_agreed(hospital: httpx.AsyncClient) -> None:
    told = (await hospital.post(f"{PERSONS}/kyc", json={"idcs": an_idcs(1)})).json()
    assert told["attributes"] == {
        "birth_date": "1989-04-12",
        "name_latin": {"given": "Zahra", "family": "EL BAHRI"},
        "document": "AB100001",
        "phones": ["+212600000001"],
    }
    assert told["token"].startswith("k1.")
    narrow = {"token": told["token"], "attributes": ["birth_date"]}
    less = (await hospital.post(f"{PERSONS}/kyc", json=narrow)).json()
    assert less["attributes"] == {"birth_date": "1989-04-12"}
    beyond = await hospital.post(
        f"{PERSONS}/kyc", json={"idcs": an_idcs(1), "attributes": ["status"]}
    )
    assert (beyond.status_code, beyond.json()["code"]) == (403, "registry.attribute-not-agreed")


async def test_staff_look_a_person_up_by_what_they_show(staff: httpx.AsyncClient) -> None:
    found = await staff.post(f"{PERSONS}/look-up", json={"cnie": "AB100001"})
    assert found.status_code == 200
    assert found.json()["name_latin"]["family"] == "EL BAHRI"
    for shown in ({}, {"idcs": an_idcs(1), "cnie": "AB100001"}):
        assert (await staff.post(f"{PERSONS}/look-up", json=shown)).status_code == 422


async def test_a_client_whose_policy_nobody_wrote_learns_nothing(
    app: FastAPI, issuer: Issuer
) -> None:
    async with _client(app, issuer.headers(*HOSPITAL, subject="stranger")) as stranger:
        refused = await stranger.post(f"{PERSONS}/verify", json=QUESTION)
    assert (refused.status_code, refused.json()["code"]) == (403, "registry.policy-missing")


async def test_who_has_used_up_the_day_is_told_when_to_come_back(
    hospital: httpx.AsyncClient, keeper: httpx.AsyncClient
) -> None:
    await keeper.put(ADDRESS, json=POLICY | {"quota_per_day": 1}, headers={"If-Match": '"1"'})
    assert (await hospital.post(f"{PERSONS}/verify", json=QUESTION)).status_code == 200
    spent = await hospital.post(f"{PERSONS}/verify", json=QUESTION)
    assert (spent.status_code, spent.json()["code"]) == (429, "registry.quota-spent")
    assert int(spent.headers["Retry-After"]) == 14 * 3600


def a_consent(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a consent of the person to the hospital."""
    return {
        "idcs": an_idcs(1),
        "client": "hospital",
        "purpose": "identity-verification",
        "attributes": ["sex"],
        "valid_from": "2026-11-20",
        "valid_until": "2026-12-20",
        "evidence": {"kind": "signed-paper", "reference": "folder 12"},
    } | changes


@pytest.mark.usefixtures("hospital")
async def test_a_consent_is_recorded_once_read_and_withdrawn(staff: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "one"}
    recorded = await staff.post(CONSENTS, json=a_consent(), headers=key)
    again = await staff.post(CONSENTS, json=a_consent(), headers=key)
    assert (recorded.status_code, again.json()) == (201, recorded.json())
    consent = recorded.json()
    page = (await staff.get(CONSENTS, params={"person_id": consent["person_id"]})).json()
    assert page == {"items": [consent], "next_cursor": None}
    ended = (await staff.delete(f"{CONSENTS}/{consent['consent_id']}")).json()
    assert ended["withdrawn_at"] is not None
    assert "evidence" not in recorded.text.replace("evidence_kind", "")


REFUSED_CONSENTS: list[tuple[dict[str, Any], int, str]] = [
    ({"valid_until": "2026-11-19"}, 422, "registry.consent-period"),
    ({"client": "stranger"}, 403, "registry.policy-missing"),
    ({"purpose": "other"}, 403, "registry.purpose-not-agreed"),
    ({"attributes": ["status"]}, 403, "registry.attribute-not-agreed"),
    ({"idcs": an_idcs(9)}, 404, "registry.person-not-found"),
    ({"idcs": "1234567890"}, 422, "registry.idcs-malformed"),
]


@pytest.mark.usefixtures("hospital")
async def test_a_consent_that_cannot_be_is_refused_and_nothing_written(
    staff: httpx.AsyncClient, registry: Registry
) -> None:
    for changes, status, code in REFUSED_CONSENTS:
        refused = await staff.post(
            CONSENTS, json=a_consent(**changes), headers={"Idempotency-Key": "one"}
        )
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await registry.databases.value("SELECT count(*) FROM consent") == 0


async def test_a_consent_that_does_not_exist_is_not_found(staff: httpx.AsyncClient) -> None:
    missing = await staff.delete(f"{CONSENTS}/{new_id()}")
    assert (missing.status_code, missing.json()["code"]) == (404, "registry.consent-not-found")
    unknown = await staff.get(CONSENTS, params={"person_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "registry.person-not-found")
