"""A person reads who looked at them; an auditor too, and leaves a trace."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.registry.domain.purposes import OWN_RECORD, disclosures
from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.use_cases.seal_access_log import AccessLogSealer
from shared.kernel.paging import encode_cursor
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person, an_idcs

LOG, OWN_LOG, ME = "/registry/v1/access-log", "/registry/v1/me/access-log", "/registry/v1/me"
HOSPITAL = "demo-hospital"


@pytest.fixture
async def http(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client without a token of its own."""
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    transport = httpx.ASGITransport(app=create_app(Settings(sanad_profile="demo"), platform))
    async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
        yield client


@pytest.fixture
async def person_id(registry: Registry) -> UUID:
    """Return somebody who is registered with another person."""
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    found: UUID = await registry.databases.value(
        "SELECT person_id FROM person ORDER BY person_id LIMIT 1"
    )
    return found


def as_citizen(issuer: Issuer, subject: object) -> dict[str, str]:
    """Return the headers of somebody signed in as a person: no region, no purpose to state."""
    return issuer.headers("registry.me:read", subject=str(subject), regions=[], programmes=[])


def as_auditor(issuer: Issuer, *regions: str) -> dict[str, str]:
    """Return the headers of an auditor."""
    scopes = ("registry.access-log:read", "registry.persons:read")
    return issuer.headers(*scopes, subject="demo-auditor", regions=regions or ("*",))


async def look(
    registry: Registry, person_id: UUID, client: str = HOSPITAL, purpose: str = "enrolment-check"
) -> None:
    """Let a client verify the person, a second after whatever came before."""
    registry.clock.move(timedelta(seconds=1))
    now = registry.clock.now()
    access = Access(client, purpose, "verify", now.date(), now, now, ("name_latin", "shoe_size"))
    subject = Disclosed(new_id(), "01", person_id, result="verified")
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        await log_access(tx, access, [subject])


async def name_the_hospital(registry: Registry) -> None:
    """Register the hospital as a partner with a public name."""
    async with registry.databases.worker.transaction() as tx:
        await tx.execute(
            "INSERT INTO partner_policy (client, version, name_ar, name_fr, purposes, told,"
            " verified, detail, identifier, regions, quota_per_day, batch, recorded_at,"
            " recorded_by) VALUES (%(client)s, 1, 'مستشفى طنجة', 'Hôpital de Tanger', '[]', '{}',"
            " '{}', false, 'idcs', '{*}', 10, false, %(at)s, 'an-administrator')",
            {"client": HOSPITAL, "at": registry.clock.now()},
        )


async def test_a_person_reads_who_looked_when_what_for_and_what_was_answered(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await name_the_hospital(registry)
    await look(registry, person_id)
    response = await http.get(OWN_LOG, headers=as_citizen(issuer, person_id))
    assert response.status_code == 200
    (told,) = response.json()["items"]
    purpose = disclosures().purposes["enrolment-check"]
    assert told["who"] == {"ar": "مستشفى طنجة", "fr": "Hôpital de Tanger"}
    assert told["accessed_at"] == "2026-11-20T09:00:01Z"
    assert told["purpose"] == {"ar": purpose.sentence.ar, "fr": purpose.sentence.fr}
    assert "72-18" in told["legal_basis"]["fr"]
    assert told["attributes"] == [
        {"code": "name_latin", "ar": "الاسم بالحروف اللاتينية", "fr": "Nom en caractères latins"},
        {"code": "shoe_size", "ar": "معطى آخر", "fr": "Autre donnée"},
    ]
    assert told["result"]["fr"] == "Réponse : oui, tout concorde."


async def test_a_person_reads_what_was_told_of_them_and_of_their_household(
    http: httpx.AsyncClient, registry: Registry, issuer: Issuer, person_id: UUID
) -> None:
    household_id = await registry.databases.value("SELECT household_id FROM household")
    scopes = ("registry.persons:read", "registry.households:read", "registry.households:search")
    staff = issuer.headers(*scopes, subject="demo-registrar")
    search = "/registry/v1/households/search"
    for method, address, body in (
        ("GET", f"/registry/v1/persons/{person_id}", None),
        ("GET", f"/registry/v1/persons/{person_id}/versions", None),
        ("GET", f"/registry/v1/households/{household_id}", None),
        ("GET", f"/registry/v1/households/{household_id}/versions", None),
        ("POST", search, {"member_idcs": an_idcs(1)}),
        ("POST", search, {"reference": "RSU-00000001"}),
    ):
        registry.clock.move(timedelta(seconds=1))
        answer = await http.request(method, address, json=body, headers=staff)
        assert answer.status_code == 200, answer.text
    page = (await http.get(OWN_LOG, headers=as_citizen(issuer, person_id))).json()
    told = [{one["code"] for one in item["attributes"]} for item in reversed(page["items"])]
    of_a_household = {"commune", "household_id", "members", "milieu"}
    of_a_person = {"birth_commune", "birth_date", "commune", "household_id", "name_ar"}
    assert told == [
        of_a_person | {"name_latin", "nationality", "sex", "status"},
        {"commune", "status"},
        of_a_household | {"birth_date", "household_facts", "sex"},
        of_a_household,
        of_a_household,
        of_a_household,
    ]
    # The household itself, and whoever else lives in it, four times.
    others = await registry.databases.rows(
        "SELECT person_id, household_id FROM access_log WHERE person_id IS DISTINCT FROM %(own)s",
        own=person_id,
    )
    assert len(others) == 8
    assert {row["household_id"] for row in others} == {household_id}
    assert len({row["person_id"] for row in others}) == 2


async def test_an_officer_is_told_by_office_and_never_by_account(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await look(registry, person_id, client="officer-7421", purpose="case-follow-up")
    await look(registry, person_id, client="officer-7421", purpose="a-purpose-of-the-past")
    response = await http.get(OWN_LOG, headers=as_citizen(issuer, person_id))
    past, present = response.json()["items"]
    assert present["who"]["fr"] == "Un agent chargé des dossiers"
    assert past["who"]["fr"] == "Un service habilité"
    assert "officer-7421" not in response.text


async def test_pages_follow_one_another_without_loss(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    for _ in range(5):
        await look(registry, person_id)
    seen, cursor = [], None
    while True:
        query = {"limit": "2"} | ({} if cursor is None else {"cursor": cursor})
        page = (await http.get(OWN_LOG, params=query, headers=as_citizen(issuer, person_id))).json()
        seen += [item["accessed_at"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_nobody_reads_the_log_of_somebody_else(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await look(registry, person_id)
    other = await registry.databases.value(
        "SELECT person_id FROM person ORDER BY person_id DESC LIMIT 1"
    )
    assert (await http.get(OWN_LOG, headers=as_citizen(issuer, other))).json()["items"] == []
    hidden = await http.get(
        OWN_LOG, params={"person_id": str(person_id)}, headers=as_citizen(issuer, other)
    )
    assert hidden.status_code == 422


@pytest.mark.parametrize("subject", ["demo-citizen", "01a20225-6fcf-7015-b2c2-1280003d34a6"])
@pytest.mark.parametrize("address", [OWN_LOG, ME])
async def test_a_token_that_names_nobody_registered_opens_nothing(
    http: httpx.AsyncClient, issuer: Issuer, subject: str, address: str
) -> None:
    response = await http.get(address, headers=as_citizen(issuer, subject))
    assert response.status_code in {403, 404}
    assert response.json()["code"] in {"registry.not-a-person", "registry.person-not-found"}


@pytest.mark.parametrize("cursor", ["x", encode_cursor("1", "2"), encode_cursor("2026-11-20", "2")])
async def test_a_cursor_of_another_list_is_refused(
    http: httpx.AsyncClient, issuer: Issuer, person_id: UUID, cursor: str
) -> None:
    response = await http.get(
        OWN_LOG, params={"cursor": cursor}, headers=as_citizen(issuer, person_id)
    )
    assert (response.status_code, response.json()["code"]) == (422, "shared.cursor-malformed")


async def test_a_person_reads_their_own_record_and_sees_that_they_did(
    http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    own = await http.get(ME, headers=as_citizen(issuer, person_id))
    assert own.status_code == 200
    assert own.json()["name_latin"]["family"] == "EL BAHRI"
    log = (await http.get(OWN_LOG, headers=as_citizen(issuer, person_id))).json()
    assert [item["who"]["fr"] for item in log["items"]] == ["Vous-même"]
    assert log["items"][0]["purpose"]["fr"] == disclosures().purposes[OWN_RECORD].sentence.fr


async def test_an_auditor_reads_the_rows_about_a_person_and_is_logged(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await look(registry, person_id)
    await look(registry, person_id, client="another")
    registry.clock.move(timedelta(seconds=1))
    query = {"person_id": str(person_id), "client": HOSPITAL}
    page = await http.get(LOG, params=query, headers=as_auditor(issuer))
    assert page.status_code == 200
    assert [item["client"] for item in page.json()["items"]] == [HOSPITAL]
    everything = await http.get(
        LOG, params={"person_id": str(person_id)}, headers=as_auditor(issuer)
    )
    assert [(item["client"], item["action"]) for item in everything.json()["items"]] == [
        ("demo-auditor", "read-access-log"),
        ("another", "verify"),
        (HOSPITAL, "verify"),
    ]


async def test_an_auditor_may_ask_for_some_days_only(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await look(registry, person_id, client="first")
    await look(registry, person_id, client="second")
    at = registry.clock.now().isoformat()
    query = {"person_id": str(person_id), "until": at}
    page = (await http.get(LOG, params=query, headers=as_auditor(issuer))).json()
    assert [item["client"] for item in page["items"]] == ["first"]
    query = {"person_id": str(person_id), "since": at, "client": "second"}
    page = (await http.get(LOG, params=query, headers=as_auditor(issuer))).json()
    assert [item["client"] for item in page["items"]] == ["second"]


async def test_the_first_and_the_last_instant_there_are_can_be_asked_about(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    await look(registry, person_id)
    query = {
        "person_id": str(person_id),
        "since": "0001-01-01T00:00:00+14:00",
        "until": "9999-12-31T23:59:59-14:00",
    }
    page = await http.get(LOG, params=query, headers=as_auditor(issuer))
    assert (page.status_code, len(page.json()["items"])) == (200, 1)


async def test_a_client_that_no_storage_could_hold_is_refused(
    http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    query = {"person_id": str(person_id), "client": "a\x00b"}
    response = await http.get(LOG, params=query, headers=as_auditor(issuer))
    assert (response.status_code, response.json()["code"]) == (422, "shared.request-invalid")


async def test_an_auditor_of_another_region_finds_nobody_and_leaves_no_trace(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    response = await http.get(
        LOG, params={"person_id": str(person_id)}, headers=as_auditor(issuer, "04")
    )
    assert (response.status_code, response.json()["code"]) == (404, "registry.person-not-found")
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_an_auditor_states_a_purpose_and_whom_they_ask_about(
    http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    headers = as_auditor(issuer)
    assert (await http.get(LOG, headers=headers)).status_code == 422
    del headers["Sanad-Purpose"]
    refused = await http.get(LOG, params={"person_id": str(person_id)}, headers=headers)
    assert refused.json()["code"] == "shared.purpose-missing"


async def test_the_head_of_the_chain_is_told_for_safe_keeping(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer, person_id: UUID
) -> None:
    address = f"{LOG}/head"
    assert (await http.get(address, headers=as_auditor(issuer))).json() is None
    await look(registry, person_id)
    await AccessLogSealer(registry.worker).seal_next_block()
    head = (await http.get(address, headers=as_auditor(issuer))).json()
    assert (head["number"], head["rows"]) == (1, 1)
    citizen = await http.get(address, headers=as_citizen(issuer, person_id))
    assert citizen.status_code == 403
