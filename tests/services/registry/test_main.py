"""The registry as a process runs it."""

from datetime import timedelta
from pathlib import Path

from services.registry.domain.dci_contract import Register
from services.registry.domain.policies import Attribute
from services.registry.main import SERVICE, Settings, create_worker
from services.registry.use_cases.read_import import read_import
from shared.messaging.consuming import Consumer
from shared.messaging.envelope import read_envelope
from shared.messaging.in_process import InProcessBroker
from shared.storage.outbox import claim_events
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person
from tests.services.registry.following import DCI, Following, wanted
from tests.services.registry.partners import agree_on


async def test_what_a_subscriber_is_to_be_told_wakes_those_who_tell_it(
    registry: Registry, broker: InProcessBroker, keys: Path, issuer: Issuer
) -> None:
    platform = platform_for_tests(
        SERVICE,
        registry.databases.worker,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    worker = create_worker(Settings(sanad_profile="demo"), platform)
    loops = {loop.name: loop for loop in worker.loops}
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="before")
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    await Following(registry).code(wanted("LiveBirth", {"location": "01"}), Register.CIVIL)
    registry.clock.move(timedelta(minutes=1))
    born = registry.clock.today().isoformat()
    newborn = a_person(2, birth_date=born, cnie=None, phones=[])
    family = a_household(1, [1, 2], declared_on=born)
    await registry.load(a_file(newborn, family), key="k")

    consumer = Consumer(SERVICE, platform.database, broker, platform.metrics, worker.subscriptions)
    by_type = {subscription.item.TYPE: subscription for subscription in worker.subscriptions}
    for event in await claim_events(platform.database, limit=10):
        if event.type in by_type:
            await consumer.apply(by_type[event.type], read_envelope(event.body))
    assert loops["registry-queue-notifications"].wake.is_set()
    assert await loops["registry-queue-notifications"].step()
    assert loops["registry-call-back-1"].wake.is_set()


async def test_the_worker_applies_what_the_api_received_and_counts_it(
    registry: Registry, keys: Path, issuer: Issuer
) -> None:
    platform = platform_for_tests(
        SERVICE,
        registry.databases.worker,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    worker = create_worker(Settings(sanad_profile="demo"), platform)
    job = await registry.receive(a_file(a_person(1), a_person(2), "{"), key="k")
    worked = {loop.name: await loop.step() for loop in worker.loops}
    assert worked["registry-apply-imports"]
    assert (await read_import(job.job_id, using=registry.api)).state == "completed"
    counted = platform.metrics.registry.get_sample_value
    assert counted("sanad_registry_import_lines_total", {"outcome": "recorded"}) == 2
    assert counted("sanad_registry_import_lines_total", {"outcome": "rejected"}) == 1
