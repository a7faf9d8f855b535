"""The registry as those meet it who depend on it: a hospital and its patient, an auditor, a thief.

Each journey goes over HTTP, through the running application and its worker.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.in_process import InProcessBroker
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.tokens import Issuer
from tests.journeys.registry_house import (
    POLL_SECONDS,
    WAIT_SECONDS_MAX,
    RegistryHouse,
    registry_house,
)
from tests.services.registry.dci_partner import (
    PartnerMachine,
    a_subscription,
    partner_machine,
)
from tests.services.registry.declaring import a_birth, a_household, a_person, an_idcs

HOSPITAL = "hospital-of-tangier"
PROGRAMME = "direct-social-aid"
TANGIER_REGION, SOUSS_REGION = "01", "09"
CARE = "identity-verification"
MOTHER, CHILD, NEWBORN = 1, 2, 3


def a_policy(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any field
    """Return what a hospital agreed to, unless changed."""
    return {
        "name_ar": "المستشفى الجهوي بطنجة",
        "name_fr": "Hôpital régional de Tanger",
        "purposes": [{"code": CARE, "legal_basis": "Loi 72-18", "consent_required": False}],
        "told": [],
        "verified": ["name_latin", "birth_date"],
        "identifier": "idcs",
        "quota_per_day": 1_000,
    } | changes


@pytest.fixture
async def house(
    databases: DatabaseFactory,
    broker: InProcessBroker,
    clock: FixedClock,
    keys: Path,
    issuer: Issuer,
) -> AsyncIterator[RegistryHouse]:
    async with registry_house(databases, broker, clock, keys=keys, issuer=issuer) as house:
        yield house


@pytest.fixture
async def family(house: RegistryHouse) -> str:
    """Register a mother and her child; return the pseudonym of the household."""
    await house.register(
        a_person(MOTHER),
        a_person(CHILD, birth_date="2015-03-02"),
        a_household(1, [MOTHER, CHILD], declared_on="2026-01-15"),
    )
    return await house.household_id(an_idcs(MOTHER))


async def agree(house: RegistryHouse, client: str, **changes: Any) -> None:  # noqa: ANN401
    """Let the keeper put a partner's policy in force."""
    keeper = house.caller("registry.partners:write", subject="keeper")
    written = await keeper.put(f"/registry/v1/partners/{client}", a_policy(**changes))
    assert written.status_code == 200, written.text


@pytest.mark.usefixtures("family")
async def test_a_hospital_verifies_a_patient_and_the_patient_sees_that_look_up(
    house: RegistryHouse,
) -> None:
    await agree(house, HOSPITAL)
    hospital = house.caller("registry.persons:verify", subject=HOSPITAL, purpose=CARE)
    said = {
        "name_latin": {"given": "Zahra", "family": "El Bahri"},
        "birth_date": "1989-04-12",
    }

    async def verified(**attributes: Any) -> bool:  # noqa: ANN401 -- any attribute
        answer = await hospital.post(
            "/registry/v1/persons/verify",
            {"idcs": an_idcs(MOTHER), "attributes": said | attributes},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() - {"verified"} <= {"attributes", "token", "fault"}
        is_verified: bool = answer.json()["verified"]
        return is_verified

    assert await verified()
    assert not await verified(birth_date="1989-04-13")
    patient = house.caller("registry.me:read", subject=await house.person_id(an_idcs(MOTHER)))
    log = (await patient.get("/registry/v1/me/access-log")).json()["items"]
    seen = [entry for entry in log if entry["who"]["ar"] == "المستشفى الجهوي بطنجة"]
    assert len(seen) == 2
    assert seen[0]["who"]["fr"] == "Hôpital régional de Tanger"
    assert {item["code"] for item in seen[0]["attributes"]} == {"name_latin", "birth_date"}
    assert seen[0]["result"] != seen[1]["result"]


async def test_a_programme_subscribes_and_is_told_of_a_birth(
    house: RegistryHouse, family: str
) -> None:
    await agree(
        house,
        PROGRAMME,
        told=["name_latin", "birth_date", "document"],
        dci={
            "sender_id": "asd.example.ma",
            "callback_hosts": ["127.0.0.1"],
            "signature": "optional",
        },
    )
    async with partner_machine() as machine:
        programme = house.caller("registry.civil:subscribe", subject=PROGRAMME, purpose=CARE)
        wish = a_subscription(
            "LiveBirth",
            {"type": "UIN", "value": an_idcs(MOTHER)},
            sender_uri=machine.uri("on-subscribe"),
        )
        acknowledged = await programme.post("/dci/crvs/v1.0.0/registry/subscribe", wish)
        assert acknowledged.json()["message"]["ack_status"] == "ACK", acknowledged.text
        await _received(machine, "on-subscribe")
        registrar = house.caller("registry.declarations:write", subject="registrar")
        birth = a_birth(family, mother=MOTHER, child=NEWBORN, born="2026-11-18")
        born = await registrar.post("/registry/v1/declarations", birth)
        assert born.status_code == 201, born.text
        told = await _received(machine, "notify")
    assert told["message"]["notify_event"][0]["data"]["reg_event_type"].endswith("LiveBirth")


async def _received(machine: PartnerMachine, path: str) -> dict[str, Any]:
    """Return the first message that the partner's machine was sent on a path."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            for received in machine.received:
                if received.path.endswith(path):
                    document: dict[str, Any] = received.json
                    return document
            await asyncio.sleep(POLL_SECONDS)


async def test_an_auditor_sees_a_household_as_it_was_known_last_march(
    databases: DatabaseFactory,
    broker: InProcessBroker,
    keys: Path,
    issuer: Issuer,
) -> None:
    clock = FixedClock(datetime(2026, 1, 20, 9, tzinfo=UTC))
    async with registry_house(databases, broker, clock, keys=keys, issuer=issuer) as house:
        await house.register(
            a_person(MOTHER), a_household(1, [MOTHER], declared_on="2026-01-15", applications=[])
        )
        household_id = await house.household_id(an_idcs(MOTHER))
        clock.move(timedelta(days=300))
        registrar = house.caller("registry.declarations:write", subject="registrar")
        born = await registrar.post(
            "/registry/v1/declarations",
            a_birth(household_id, mother=MOTHER, child=NEWBORN, born="2026-11-10"),
        )
        assert born.status_code == 201, born.text
        auditor = house.caller("registry.households:read", subject="auditor")
        path = f"/registry/v1/households/{household_id}"

        now = (await auditor.get(path)).json()
        in_march = (await auditor.get(path, known_at="2026-03-31T12:00:00Z")).json()
        before = await auditor.get(path, known_at="2026-01-01T00:00:00Z")

    assert [len(household["members"]) for household in (now, in_march)] == [2, 1]
    assert in_march["version"] < now["version"]
    assert before.status_code == 404


async def test_a_caseworker_of_another_region_gets_nothing(
    house: RegistryHouse, family: str
) -> None:
    person_id = await house.person_id(an_idcs(MOTHER))
    scopes = (
        "registry.households:read",
        "registry.persons:read",
        "registry.persons:search",
        "registry.statistics:read",
    )
    own, other = (
        house.caller(*scopes, subject=f"caseworker-{region}", regions=[region])
        for region in (TANGIER_REGION, SOUSS_REGION)
    )
    for path in (f"/registry/v1/households/{family}", f"/registry/v1/persons/{person_id}"):
        assert (await own.get(path)).status_code == 200
        assert (await other.get(path)).status_code == 404
    shown = {"idcs": an_idcs(MOTHER)}
    assert (await own.post("/registry/v1/persons/look-up", shown)).status_code == 200
    assert (await other.post("/registry/v1/persons/look-up", shown)).status_code == 404
    assert (await other.get("/registry/v1/statistics")).json()["persons"] == 0


@pytest.mark.usefixtures("family")
async def test_the_offline_verifier_names_the_first_row_that_was_tampered_with(
    house: RegistryHouse, tmp_path: Path
) -> None:
    auditor = house.caller("registry.persons:read", subject="auditor")
    person_id = await house.person_id(an_idcs(MOTHER))
    for _ in range(3):
        assert (await auditor.get(f"/registry/v1/persons/{person_id}")).status_code == 200
    await _all_sealed(house)
    assert _access_log(house, "export", "--out", str(tmp_path)).returncode == 0
    first = await house.databases.value(
        "SELECT access_id::text FROM access_log WHERE client = 'auditor'"
        " ORDER BY written_in, access_id LIMIT 1"
    )

    rows = tmp_path / "rows.jsonl"
    lines = rows.read_text().splitlines(keepends=True)
    forged = [line.replace("auditor", "nobody") if first in line else line for line in lines]
    rows.write_text("".join(forged))
    offline = _access_log(house, "verify", str(tmp_path))
    assert (offline.returncode, first in offline.stderr) == (1, True), offline

    async with house.databases.owner.transaction() as tx:
        await tx.execute(
            "UPDATE access_log SET client = 'nobody' WHERE access_id = %(id)s", {"id": first}
        )
    in_place = _access_log(house, "verify", "--database")
    assert (in_place.returncode, first in in_place.stderr) == (1, True), in_place


async def _all_sealed(house: RegistryHouse) -> None:
    """Wait until the worker has sealed every row of the log."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            logged = await house.databases.value("SELECT count(*) FROM access_log")
            sealed = await house.databases.value("SELECT coalesce(sum(rows), 0) FROM access_block")
            if logged == sealed:
                return
            await asyncio.sleep(POLL_SECONDS)


def _access_log(house: RegistryHouse, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the registry's keeper."""
    environment = {"PATH": os.environ["PATH"]}  # noqa: TID251 -- a program is started
    if arguments[0] == "export" or "--database" in arguments:
        environment |= {
            "DATABASE_URL": house.databases.urls.worker,
            "SANAD_KEY_DIR": str(house.keys),
        }
    return subprocess.run(
        [sys.executable, "-m", "services", "registry", "access-log", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
