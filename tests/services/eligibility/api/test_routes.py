"""Eligibility over HTTP: who may do what, and what they are told."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from services.eligibility.main import create_worker
from services.eligibility.settings import Settings
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.eligibility.households import a_child, a_head, a_household, a_spouse
from tests.services.eligibility.service import Eligibility, an_item

POOR = a_household(a_head(), a_spouse(), a_child(8), a_child(10), a_child(12))
NOBODY = "01900000-0000-7000-8000-000000000001"
RUN = {"programme": "asd", "month": "2026-11"}


def writing(
    issuer: Issuer, key: str = "first", programmes: Sequence[str] = ("*",)
) -> dict[str, str]:
    headers = issuer.headers("eligibility.runs:write", programmes=programmes)
    return headers | {"Idempotency-Key": key}


async def test_a_run_is_accepted_and_its_progress_can_be_read(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    await eligibility.hear(*(an_item(POOR) for _ in range(4)))
    accepted = await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer))
    assert accepted.status_code == 202
    run = accepted.json()
    assert (run["state"], run["programme"], run["month"]) == ("planned", "asd", "2026-11")

    await eligibility.work()
    progress = await client.get(
        f"/eligibility/v1/runs/{run['run_id']}", headers=issuer.headers("eligibility.runs:read")
    )
    assert progress.json() == run | {
        "state": "completed",
        "households_total": 4,
        "households_done": 4,
        "households_eligible": 4,
        "amount_centimes": 4 * 75_000,
    }


async def test_the_same_request_twice_opens_one_run(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    first = await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer))
    again = await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer))
    assert again.json() == first.json()
    assert await eligibility.databases.value("SELECT count(*) FROM run") == 1


async def test_a_second_run_of_a_month_is_a_conflict_with_a_stable_code(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer))
    refused = await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer, "other"))
    assert refused.status_code == 409
    assert refused.json()["code"] == "eligibility.run-exists"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"programme": "asd", "month": "2026-13"}, 422),
        ({"programme": "asd", "month": "0000-01"}, 422),
        ({"programme": "unknown", "month": "2026-11"}, 422),
        ({"programme": "asd", "month": "2027-06"}, 422),
        ({"programme": "asd", "month": "2026-10"}, 409),
        ({"programme": "asd", "month": "2026-11", "surprise": 1}, 422),
    ],
)
async def test_a_run_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, body: dict[str, object], status: int
) -> None:
    answer = await client.post("/eligibility/v1/runs", json=body, headers=writing(issuer))
    assert answer.status_code == status


async def test_a_caller_of_another_programme_can_neither_open_nor_see_a_run(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    elsewhere = ["amo_tadamon"]
    refused = await client.post(
        "/eligibility/v1/runs", json=RUN, headers=writing(issuer, programmes=elsewhere)
    )
    assert refused.status_code == 403
    assert refused.json()["code"] == "eligibility.programme-out-of-scope"

    run = (await client.post("/eligibility/v1/runs", json=RUN, headers=writing(issuer))).json()
    hidden = await client.get(
        f"/eligibility/v1/runs/{run['run_id']}",
        headers=issuer.headers("eligibility.runs:read", programmes=elsewhere),
    )
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/eligibility/v1/runs"),
        ("GET", f"/eligibility/v1/runs/{NOBODY}"),
        ("GET", f"/eligibility/v1/households/{NOBODY}"),
        ("GET", "/eligibility/v1/statistics"),
    ],
)
async def test_no_route_answers_without_its_scope(
    client: httpx.AsyncClient, issuer: Issuer, method: str, path: str
) -> None:
    nobody = await client.request(method, path)
    assert nobody.status_code == 401
    stranger = await client.request(method, path, headers=issuer.headers("registry.persons:read"))
    assert stranger.status_code == 403


async def test_an_explanation_takes_the_index_apart_and_gives_reasons_in_both_languages(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR, programmes=["asd"])
    await eligibility.hear(item)
    answer = await client.get(
        f"/eligibility/v1/households/{item['household_id']}",
        headers=issuer.headers("eligibility.decisions:read"),
    )
    body = answer.json()
    parts = [Decimal(part["points"]) for part in body["contributions"] if part["points"]]
    total = Decimal(body["constant"]) + Decimal(body["region_term"]) + sum(parts)
    assert total == Decimal(body["index"])
    assert body["replay_agrees"] is True
    assert body["formula_is_assumption"] is True
    car = next(part for part in body["contributions"] if part["variable"] == "car")
    assert (car["coefficient"], car["points"]) == (None, None)
    amo, asd = body["outcomes"]
    assert (amo["standing"], asd["standing"]) == ("prospect", "decision")
    assert (asd["outcome"], asd["amount_centimes"]) == ("eligible", 75_000)
    assert asd["threshold"] == "9.7430010000"
    assert [reason["code"] for reason in asd["reasons"]] == [
        "asd.index-within-threshold",
        "asd.child-aid",
    ]
    assert all(reason["ar"] and reason["fr"] for reason in asd["reasons"])


async def test_an_explanation_says_what_an_administration_attested_in_both_languages(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    attestation = {
        "person_id": item["members"][1]["person_id"],
        "fact": "pension",
        "value": True,
        "source": "cmr",
        "valid_from": "2026-09-01",
    }
    await eligibility.hear(item | {"attestations": [attestation]})
    answer = await client.get(
        f"/eligibility/v1/households/{item['household_id']}",
        headers=issuer.headers("eligibility.decisions:read"),
    )
    (attested,) = answer.json()["attested"]
    assert attested["person_id"] == attestation["person_id"]
    assert (attested["declared"], attested["attested"]) == ("false", "true")
    assert attested["fr"].endswith("à partir du 01/09/2026.")
    assert "الصندوق المغربي للتقاعد" in attested["ar"]
    assert attested["is_assumption"] is True
    assert answer.json()["replay_agrees"] is True


async def test_a_household_of_another_region_is_unknown_to_a_regional_caller(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    path = f"/eligibility/v1/households/{item['household_id']}"
    own = issuer.headers("eligibility.decisions:read", regions=["07"])
    other = issuer.headers("eligibility.decisions:read", regions=["01"])
    assert (await client.get(path, headers=own)).status_code == 200
    assert (await client.get(path, headers=other)).status_code == 404


async def test_a_caller_sees_the_outcomes_of_their_programmes_alone(
    client: httpx.AsyncClient, issuer: Issuer, eligibility: Eligibility
) -> None:
    item = an_item(POOR)
    await eligibility.hear(item)
    answer = await client.get(
        f"/eligibility/v1/households/{item['household_id']}",
        headers=issuer.headers("eligibility.decisions:read", programmes=["asd"]),
    )
    assert [outcome["programme"] for outcome in answer.json()["outcomes"]] == ["asd"]


async def test_an_explanation_asks_for_a_purpose(client: httpx.AsyncClient, issuer: Issuer) -> None:
    headers = issuer.headers("eligibility.decisions:read")
    del headers["Sanad-Purpose"]
    answer = await client.get(f"/eligibility/v1/households/{NOBODY}", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "shared.purpose-missing"


async def test_the_worker_consumes_three_events_and_advances_runs(
    eligibility: Eligibility, clock: FixedClock, keys: Path, issuer: Issuer, settings: Settings
) -> None:
    platform = platform_for_tests(
        "eligibility",
        eligibility.databases.worker,
        clock=clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    worker = create_worker(settings, platform)
    assert [one.item.TYPE for one in worker.subscriptions] == [
        "registry.households-recorded.v1",
        "registry.households-dissolved.v1",
        "notifications.messages-settled.v1",
    ]
    await eligibility.open_run("2026-11")
    (loop,) = worker.loops
    assert [await loop.step(), await loop.step(), await loop.step()] == [True, True, False]
