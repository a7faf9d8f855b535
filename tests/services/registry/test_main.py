"""The registry as a process runs it."""

from pathlib import Path

from services.registry.main import SERVICE, Settings, create_worker
from services.registry.use_cases.read_import import read_import
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_person


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
