"""Births: milliseconds from declaring one until a programme that subscribed is told of it.

The whole way is real: the declaration and its outbox row, the relay, the event, the subscription it
matches, the callback that is queued, and the partner's machine that receives it over loopback. One
process serves, works and listens, as the one-command stack does. Births come one after another at
moments of their own, so that no loop of the worker happens to be awake for all of them. Limits: the
second that is promised; and the declaration's own answer with one bare callback after it.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from services.registry.events.published import ContactRecorded, PayeeRecorded
from services.registry.integrations.dci_callbacks import open_channel
from shared.messaging.in_process import InProcessBroker
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.logging import configure_logging
from shared.runtime.state_folder import temporary_folder
from shared.storage.embedded import start_postgres
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys
from shared.testing.tokens import Issuer
from tests.benchmarks.report import Figure
from tests.journeys.registry_house import ANY_PURPOSE, Caller, RegistryHouse, registry_house
from tests.services.registry.dci_partner import (
    SENDER,
    PartnerMachine,
    a_subscription,
    partner_machine,
)
from tests.services.registry.declaring import a_birth, a_household, a_person, an_idcs

SEED = 29
BIRTHS = 50
WARM_UP = 5
PAUSE_SECONDS_MAX = 0.5
TOLD_MS_MAX = 1_000.0
WAIT_SECONDS_MAX = 30.0
PROGRAMME = "direct-social-aid"
REGION = "01"
BORN_DAYS_AGO = 2


@dataclass(frozen=True)
class Told:
    """The seconds that one birth took."""

    declared: float
    """Until the registrar was answered."""
    told: float
    """Until the programme's machine had the message."""


def measure_births(*, births: int = BIRTHS) -> list[Figure]:
    """Return how soon a programme is told of a birth.

    Args:
        births: How many to declare, after the warm-up.
    """
    configure_logging("registry", level="WARNING")
    with temporary_folder("sanad-bench-") as folder:
        server = start_postgres(folder)
        try:
            return asyncio.run(_measure(folder, server.admin_url, births))
        finally:
            server.stop()


async def _measure(folder: Path, admin_url: str, births: int) -> list[Figure]:
    factory, clock, broker = DatabaseFactory(admin_url), FixedClock(), InProcessBroker(folder / "b")
    keys = folder / "keys"
    make_test_keys(keys, "registry", "payments", "notifications")
    # Whoever else receives the registry's events would; nobody here reads them.
    await broker.declare("elsewhere", [ContactRecorded.TYPE, PayeeRecorded.TYPE])
    try:
        async with (
            registry_house(factory, broker, clock, keys=keys, issuer=Issuer()) as house,
            partner_machine() as machine,
        ):
            homes = await _register(house, births + WARM_UP)
            await _subscribe(house, machine)
            settle_garbage_collector()
            rng = Random(SEED)  # noqa: S311 -- repeatable, no secret
            born = (clock.today() - timedelta(days=BORN_DAYS_AGO)).isoformat()
            taken = []
            for place, home in enumerate(homes):
                await asyncio.sleep(rng.uniform(0, PAUSE_SECONDS_MAX))
                mother = 1 + place
                birth = a_birth(home, mother=mother, child=len(homes) + mother, born=born)
                taken.append(await _declare(house, machine, birth))
            bare = [await _call_back(machine) for _ in homes]
    finally:
        await broker.close()
        await factory.drop_all()
    return _figures(taken[WARM_UP:], bare[WARM_UP:])


def _figures(taken: Sequence[Told], bare: Sequence[float]) -> list[Figure]:
    told = [one.told for one in taken]
    least = [one.declared + call for one, call in zip(taken, bare, strict=True)]
    return [
        Figure("birth_told_ms", _p95_ms(told), TOLD_MS_MAX, "allowed"),
        Figure(
            "birth_told_p50_ms",
            statistics.median(told) * 1e3,
            statistics.median(least) * 1e3,
            "the declaration's answer and one bare callback",
        ),
    ]


async def _register(house: RegistryHouse, families: int) -> list[str]:
    """Register so many mothers, each with a household of her own; return the pseudonyms."""
    mothers = range(1, families + 1)
    lines = [
        *(a_person(mother) for mother in mothers),
        *(a_household(mother, [mother], declared_on="2026-01-15") for mother in mothers),
    ]
    await house.register(*lines)
    return [await house.household_id(an_idcs(mother)) for mother in mothers]


async def _subscribe(house: RegistryHouse, machine: PartnerMachine) -> None:
    """Agree with a programme, which then subscribes to every birth of a region."""
    policy = {
        "name_ar": "الدعم الاجتماعي المباشر",
        "name_fr": "Aide sociale directe",
        "purposes": [{"code": ANY_PURPOSE, "legal_basis": "Loi 58-23", "consent_required": False}],
        "told": ["name_latin", "birth_date", "commune"],
        "identifier": "idcs",
        "quota_per_day": 1_000,
        "batch": True,
        "dci": {"sender_id": SENDER, "callback_hosts": ["127.0.0.1"], "signature": "optional"},
    }
    keeper = house.caller("registry.partners:write", subject="keeper")
    agreed = await keeper.put(f"/registry/v1/partners/{PROGRAMME}", policy)
    _expect(agreed.status_code == 200, "The programme's policy was refused.")
    programme = house.caller("registry.civil:subscribe", subject=PROGRAMME)
    wish = a_subscription("LiveBirth", {"location": REGION}, sender_uri=machine.uri("on-subscribe"))
    wish["message"]["subscribe_request"][0]["subscribe_criteria"]["filter_type"] = "expression"
    machine.reached.clear()
    await programme.post("/dci/crvs/v1.0.0/registry/subscribe", wish)
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        await machine.reached.wait()
    status = machine.received[-1].json["message"]["subscribe_response"][0]["status"]
    _expect(status == "succ", "The programme's subscription was refused.")


async def _declare(house: RegistryHouse, machine: PartnerMachine, born: dict[str, Any]) -> Told:
    """Declare a birth, and wait until the programme has been told of it."""
    registrar: Caller = house.caller("registry.declarations:write", subject="registrar")
    before = len(machine.received)
    machine.reached.clear()
    started = time.perf_counter()
    answer = await registrar.post("/registry/v1/declarations", born)
    declared = time.perf_counter() - started
    _expect(answer.status_code == 201, "A birth was refused.")
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        await machine.reached.wait()
    told = time.perf_counter() - started
    (received,) = machine.received[before:]
    (event,) = received.json["message"]["notify_event"]
    _expect(born["newborn"]["idcs"] in str(event["data"]), "Another birth was told.")
    return Told(declared, told)


async def _call_back(machine: PartnerMachine) -> float:
    """Send what the programme was last sent once more, and nothing else; return the seconds."""
    last = machine.received[-1]
    machine.reached.clear()
    started = time.perf_counter()
    async with open_channel() as channel:
        await channel.post(machine.uri("notify"), last.body, {"Content-Type": "application/json"})
    return time.perf_counter() - started


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- a claim
    if not holds:
        raise AssertionError(otherwise)


def _p95_ms(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] * 1e3
