"""A person reads what they consented to, in words, and ends it; it bites at once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.domain.purposes import OWN_RECORD, disclosures
from shared.runtime.ids import new_id
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import a_file, a_person, an_idcs
from tests.services.registry.partners import HOSPITAL, PURPOSE, a_purpose, agree_on

CONSENTS, OWN = "/registry/v1/consents", "/registry/v1/me/consents"
VERIFY = "/registry/v1/persons/verify"
STAFF = ("registry.consents:read", "registry.consents:write")
QUESTION = {"idcs": an_idcs(1), "attributes": {"sex": "F"}}


@pytest.fixture
async def http(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a registry whose hospital may ask with the person's consent only."""
    await registry.load(a_file(a_person(1), a_person(2)), key="k")
    await agree_on(registry, purposes=(a_purpose(consent_required=True),))
    async with at_the_counter(registry, keys=keys, issuer=issuer) as client:
        yield client


def as_citizen(
    issuer: Issuer,
    subject: object,
    *verbs: str,
    **claims: Any,  # noqa: ANN401 -- any claim
) -> dict[str, str]:
    """Return the headers of somebody signed in as a person: no region, no purpose to state."""
    scopes = [f"registry.me:{verb}" for verb in verbs or ("read", "write")]
    usual: dict[str, Any] = {"regions": [], "programmes": [], "purposes": []}
    return issuer.headers(*scopes, subject=str(subject), **(usual | claims))


async def consent(
    http: httpx.AsyncClient,
    issuer: Issuer,
    number: int = 1,
    **changes: Any,  # noqa: ANN401 -- any field
) -> dict[str, Any]:
    """Have a registrar record that a person lets the hospital know their sex for a month."""
    given = {
        "idcs": an_idcs(number),
        "client": HOSPITAL,
        "purpose": PURPOSE,
        "attributes": ["sex"],
        "valid_from": "2026-11-20",
        "valid_until": "2026-12-20",
        "evidence": {"kind": "signed-paper", "reference": "folder 12"},
    } | changes
    by = issuer.headers(*STAFF, subject="a-registrar", roles=["registrar"])
    headers = by | {"Idempotency-Key": str(new_id())}
    recorded = await http.post(CONSENTS, json=given, headers=headers)
    assert recorded.status_code == 201, recorded.text
    answer: dict[str, Any] = recorded.json()
    return answer


async def asked(http: httpx.AsyncClient, issuer: Issuer) -> int:
    """Have the hospital ask about the first person, and return the answer's status."""
    hospital = issuer.headers("registry.persons:verify", subject=HOSPITAL)
    return (await http.post(VERIFY, json=QUESTION, headers=hospital)).status_code


async def test_a_person_reads_in_words_what_they_let_whom_learn(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = await consent(http, issuer)
    await consent(http, issuer, number=2)
    page = await http.get(OWN, headers=as_citizen(issuer, given["person_id"]))
    assert page.status_code == 200, page.text
    sentence = disclosures().purposes[PURPOSE].sentence
    assert page.json() == {
        "items": [
            {
                "consent_id": given["consent_id"],
                "partner": {"ar": "المستشفى الجهوي", "fr": "Hôpital régional"},
                "purpose": {"ar": sentence.ar, "fr": sentence.fr},
                "attributes": [{"code": "sex", "ar": "الجنس", "fr": "Sexe"}],
                "valid_from": "2026-11-20",
                "valid_until": "2026-12-20",
                "recorded_at": given["recorded_at"],
                "withdrawn_at": None,
            }
        ],
        "next_cursor": None,
    }
    (row,) = await registry.databases.rows(
        "SELECT client, purpose, person_id FROM access_log WHERE action = 'read-consents'"
    )
    assert row == {
        "client": given["person_id"],
        "purpose": OWN_RECORD,
        "person_id": UUID(given["person_id"]),
    }


async def test_a_consent_that_its_person_withdraws_bites_at_the_next_question(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = await consent(http, issuer)
    assert await asked(http, issuer) == 200
    citizen = as_citizen(issuer, given["person_id"])
    place = f"{OWN}/{given['consent_id']}"
    ended = await http.delete(place, headers=citizen)
    assert (ended.status_code, ended.json()["withdrawn_at"]) == (200, "2026-11-20T09:00:00Z")
    assert await asked(http, issuer) == 403
    # It stays on record as withdrawn, for the person and for the office; twice is once.
    assert (await http.delete(place, headers=citizen)).json() == ended.json()
    assert (await http.get(OWN, headers=citizen)).json()["items"] == [ended.json()]
    staff = issuer.headers(*STAFF, subject="a-registrar")
    (kept,) = (
        await http.get(CONSENTS, params={"person_id": given["person_id"]}, headers=staff)
    ).json()["items"]
    assert kept["withdrawn_at"] == ended.json()["withdrawn_at"]
    by = await registry.databases.value("SELECT withdrawn_by FROM consent_withdrawal")
    assert by == given["person_id"]
    (row, _) = await registry.databases.rows(
        "SELECT consent_id FROM access_log WHERE result = 'consent-withdrawn'"
    )
    assert row["consent_id"] == UUID(given["consent_id"])


async def claim(
    http: httpx.AsyncClient,
    issuer: Issuer,
    key: str | None = None,
    **changes: Any,  # noqa: ANN401 -- any field
) -> tuple[int, str | None]:
    """Have the hospital record the first person's consent; return the status and the code."""
    said = {
        "idcs": an_idcs(1),
        "client": HOSPITAL,
        "purpose": PURPOSE,
        "attributes": ["sex"],
        "valid_from": "2026-11-20",
        "valid_until": "2026-12-20",
        "evidence": {"kind": "signed-paper", "reference": "folder 12"},
    } | changes
    by = issuer.headers("registry.consents:write", subject=HOSPITAL, roles=["partner"])
    headers = by | {"Idempotency-Key": key or str(new_id())}
    answer = await http.post(CONSENTS, json=said, headers=headers)
    return answer.status_code, answer.json().get("code")


async def test_what_a_person_withdrew_holds_against_the_partner_until_they_consent_anew(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = await consent(http, issuer)
    await http.delete(
        f"{OWN}/{given['consent_id']}", headers=as_citizen(issuer, given["person_id"])
    )
    withdrawn = (409, "registry.consent-withdrawn")
    other = {"kind": "signed-paper", "reference": "folder 13"}
    assert await claim(http, issuer) == withdrawn
    assert await claim(http, issuer, evidence=other) == withdrawn
    assert await claim(http, issuer, evidence=other, valid_from="2026-11-01") == withdrawn
    assert await asked(http, issuer) == 403
    registry.clock.move(timedelta(days=1))
    assert await claim(http, issuer, evidence=other) == withdrawn
    assert await claim(http, issuer, valid_from="2026-11-21") == withdrawn
    assert await asked(http, issuer) == 403
    # They read of each attempt: its refusal, too, told that they are registered.
    rows = await registry.databases.rows(
        "SELECT client, person_id FROM access_log WHERE result = 'consent-refused'"
    )
    assert rows == [{"client": HOSPITAL, "person_id": UUID(given["person_id"])}] * 5
    assert await claim(http, issuer, evidence=other, valid_from="2026-11-21") == (201, None)
    assert await asked(http, issuer) == 200


async def test_a_consent_that_a_partner_records_counts_on_its_day_whoever_it_names(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    await agree_on(registry, purposes=(a_purpose(consent_required=True),), quota_per_day=2)
    # What can be told without looking anybody up costs nothing.
    assert await claim(http, issuer, idcs="1234567890") == (422, "registry.idcs-malformed")
    assert await claim(http, issuer, valid_until="2026-11-19") == (422, "registry.consent-period")
    assert await claim(http, issuer, key="one") == (201, None)
    assert await claim(http, issuer, key="one") == (201, None)
    unknown, spent = (404, "registry.person-not-found"), (429, "registry.quota-spent")
    assert await claim(http, issuer, idcs=an_idcs(9)) == unknown
    assert await claim(http, issuer, idcs=an_idcs(9)) == spent
    assert await claim(http, issuer) == spent
    assert await claim(http, issuer, key="one") == (201, None)
    assert await asked(http, issuer) == 429
    # An office records what it is shown at its counter.
    await consent(http, issuer)


async def test_a_consent_of_somebody_else_is_like_none(
    registry: Registry, http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = await consent(http, issuer)
    other = await consent(http, issuer, number=2)
    citizen = as_citizen(issuer, other["person_id"])
    rows = await registry.databases.value("SELECT count(*) FROM access_log")
    theirs = await http.delete(f"{OWN}/{given['consent_id']}", headers=citizen)
    none = await http.delete(f"{OWN}/{new_id()}", headers=citizen)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "registry.consent-not-found")
    assert theirs.json() == none.json()
    assert await asked(http, issuer) == 200
    assert await registry.databases.value("SELECT count(*) FROM consent_withdrawal") == 0
    assert await registry.databases.value("SELECT count(*) FROM access_log") == rows + 1


async def test_consents_are_read_in_pages_the_newest_first(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = [await consent(http, issuer) for _ in range(5)]
    citizen = as_citizen(issuer, given[0]["person_id"])
    seen: list[str] = []
    query: dict[str, str] | None = {"limit": "2"}
    while query is not None:
        page = (await http.get(OWN, params=query, headers=citizen)).json()
        seen += [item["consent_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        query = None if cursor is None else {"limit": "2", "cursor": cursor}
    assert seen == [each["consent_id"] for each in reversed(given)]
    alien = await http.get(OWN, params={"cursor": "x"}, headers=citizen)
    assert (alien.status_code, alien.json()["code"]) == (422, "shared.cursor-malformed")


async def test_who_may_only_read_withdraws_nothing_and_nobody_else_reads(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    given = await consent(http, issuer)
    reader = as_citizen(issuer, given["person_id"], "read")
    refused = await http.delete(f"{OWN}/{given['consent_id']}", headers=reader)
    assert (refused.status_code, refused.json()["code"]) == (403, "shared.scope-missing")
    assert (await http.get(OWN, headers=issuer.headers(*STAFF))).status_code == 403
    for nobody in ("demo-citizen", str(new_id())):
        unknown = await http.get(OWN, headers=as_citizen(issuer, nobody))
        assert (unknown.status_code, unknown.json()["code"]) == (403, "registry.not-a-person")
