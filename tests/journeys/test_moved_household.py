"""A household moves: the registry announces it, and every service shows it to its new region alone.

Registry, eligibility, payments and notifications run with their workers on one broker.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.eligibility import main as eligibility
from services.notifications import main as notifications
from services.payments import main as payments
from shared.messaging.in_process import InProcessBroker
from shared.runtime.ids import new_id
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from shared.web.working import Employment, at_work
from tests.journeys.registry_house import (
    POLL_SECONDS,
    WAIT_SECONDS_MAX,
    RegistryHouse,
    registry_house,
)
from tests.services.registry.declaring import FACTS, a_household, a_person, an_idcs

TANGIER_REGION, SOUSS_REGION = "01", "09"
AGADIR = "09.001.01.01"
MOTHER, CHILD = 1, 2
MONTH = "2026-11"
DOSSIER = (
    ("eligibility", "eligibility.decisions:read", "", "outcomes"),
    ("payments", "payments.instructions:read", "/instructions", "items"),
    ("notifications", "notifications.messages:read", "/messages", "items"),
)
DECIDED, PAID, TOLD = range(3)
NOTHING = {name: type(value)() for name, value in FACTS.items() if name != "dwelling"} | {
    "dwelling": "rural_adobe",
    "rooms": 1,
    "family_nuclei": 1,
}


@dataclass(frozen=True)
class Town:
    """The services of the month, and who asks them."""

    registry: RegistryHouse
    services: dict[str, httpx.AsyncClient]
    issuer: Issuer

    async def ask(self, service: str, path: str, scope: str, region: str = "*") -> httpx.Response:
        """Ask a service, as somebody of a region."""
        headers = self.issuer.headers(scope, regions=[region])
        return await self.services[service].get(f"/{service}/v1{path}", headers=headers)

    async def post(self, service: str, path: str, scope: str, body: dict[str, str]) -> Any:  # noqa: ANN401 -- any JSON
        """Let a service do something."""
        headers = self.issuer.headers(scope) | {"Idempotency-Key": str(new_id())}
        answer = await self.services[service].post(
            f"/{service}/v1{path}", json=body, headers=headers
        )
        assert answer.is_success, answer.text
        return answer.json()

    async def dossier(self, household_id: str, region: str) -> list[int]:
        """Return how much each service shows of a household to a caseworker of a region."""
        shown = []
        for service, scope, what, listed in DOSSIER:
            answer = await self.ask(service, f"/households/{household_id}{what}", scope, region)
            shown.append(len(answer.json().get(listed, ())))
        return shown

    async def await_dossier(self, household_id: str, region: str, *parts: int) -> list[int]:
        """Wait until a caseworker is shown something of these services and of no other."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while True:
                shown = await self.dossier(household_id, region)
                if [part for part, count in enumerate(shown) if count] == list(parts):
                    return shown
                await asyncio.sleep(POLL_SECONDS)


@pytest.fixture
async def town(
    databases: DatabaseFactory,
    broker: InProcessBroker,
    clock: FixedClock,
    keys: Path,
    issuer: Issuer,
) -> AsyncIterator[Town]:
    """Run the four services; nothing is sent to a bank or an SMS centre."""
    async with AsyncExitStack() as stack:
        services, employed = {}, []
        for module in (eligibility, payments, notifications):
            made = await databases.make(module.SERVICE)
            settings = module.Settings(sanad_profile="demo")
            api, working = (
                platform_for_tests(
                    module.SERVICE, database, clock=clock, keys=keys, verifier=issuer.verifier()
                )
                for database in (made.api, made.worker)
            )
            worker = module.create_worker(settings, working)
            inside = () if module is notifications else worker.loops[:1]
            employed.append(Employment(replace(worker, loops=inside), working))
            transport = httpx.ASGITransport(app=module.create_app(settings, api))
            services[module.SERVICE] = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://sanad.test")
            )
        await stack.enter_async_context(at_work(employed, broker))
        house = await stack.enter_async_context(
            registry_house(databases, broker, clock, keys=keys, issuer=issuer)
        )
        yield Town(house, services, issuer)


async def pay_the_month(town: Town) -> None:
    """Re-assess everybody, and freeze what the month pays them."""
    run = await town.post(
        "eligibility", "/runs", "eligibility.runs:write", {"programme": "asd", "month": MONTH}
    )
    cycle = await town.post(
        "payments",
        "/cycles",
        "payments.cycles:write",
        {"programme": "asd", "month": MONTH, "run_id": run["run_id"]},
    )
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while cycle["content_hash"] is None:
            await asyncio.sleep(POLL_SECONDS)
            answer = await town.ask(
                "payments", f"/cycles/{cycle['cycle_id']}", "payments.cycles:read"
            )
            cycle = answer.json()
    assert cycle["held"] + cycle["instructions"] == 1


async def test_a_household_that_moved_is_shown_to_its_new_region_and_no_more_to_the_old_one(
    town: Town,
) -> None:
    household = a_household(1, [MOTHER, CHILD], milieu="rural", facts=FACTS | NOTHING)
    await town.registry.register(
        a_person(MOTHER), a_person(CHILD, birth_date="2018-03-02"), household
    )
    household_id = await town.registry.household_id(an_idcs(MOTHER))
    await town.await_dossier(household_id, TANGIER_REGION, DECIDED, TOLD)
    await pay_the_month(town)
    before = await town.await_dossier(household_id, TANGIER_REGION, DECIDED, PAID, TOLD)
    assert await town.dossier(household_id, SOUSS_REGION) == [0, 0, 0]

    await town.registry.register(household | {"commune": AGADIR, "declared_on": "2026-11-18"})

    await town.await_dossier(household_id, TANGIER_REGION)
    after = await town.dossier(household_id, SOUSS_REGION)
    assert all(now >= then for now, then in zip(after, before, strict=True))
