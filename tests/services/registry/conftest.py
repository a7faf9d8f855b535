"""The registry on real PostgreSQL, as its api and its worker run it."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.registry.main import OWN_KEYS
from services.registry.storage.import_jobs import FileFormat, ImportJob, ImportRequest
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.collaborators import (
    Collaborators,
    ImportRules,
    count_of_lines,
)
from services.registry.use_cases.read_import import read_import
from services.registry.use_cases.receive_import import receive_import
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.ids import new_id
from shared.runtime.keys import make_key
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from tests.services.registry.declaring import in_chunks


@dataclass(frozen=True)
class Registry:
    """The registry's parts, and the steps that most tests take with them."""

    databases: ServiceDatabases
    clock: FixedClock
    api: Collaborators
    worker: Collaborators

    async def receive(
        self,
        file: bytes,
        *,
        key: str,
        regions: tuple[str, ...] = ("*",),
        file_format: FileFormat = "jsonl",
    ) -> ImportJob:
        """Receive a file as the api does."""
        digest = hashlib.sha256(file).digest()
        request = ImportRequest("a-client", key, digest, regions, file_format)
        return await receive_import(request, in_chunks(file), using=self.api)

    async def load(
        self,
        file: bytes,
        *,
        key: str,
        regions: tuple[str, ...] = ("*",),
        file_format: FileFormat = "jsonl",
    ) -> ImportJob:
        """Receive a file and apply all of it."""
        job = await self.receive(file, key=key, regions=regions, file_format=file_format)
        applier = ImportApplier(self.worker)
        while await applier.apply_next_blocks():
            pass
        return await read_import(job.job_id, using=self.api)

    async def rejects(self, job: ImportJob) -> list[tuple[int, str, str]]:
        """Return line, field and code of every refusal."""
        rows = await self.databases.rows(
            "SELECT line, field, code FROM import_reject WHERE job_id = %(job_id)s"
            " ORDER BY line, position",
            job_id=job.job_id,
        )
        return [(row["line"], row["field"], row["code"]) for row in rows]

    def with_rules(self, rules: ImportRules) -> "Registry":
        """Return the same registry under other rules."""
        return replace(
            self,
            api=replace(self.api, rules=rules),
            worker=replace(self.worker, rules=rules),
        )


async def make_registry(databases: DatabaseFactory, clock: FixedClock, keys: Path) -> Registry:
    """Return a registry that knows nobody yet."""
    made = await databases.make("registry")
    for name in OWN_KEYS:
        make_key(keys / "registry" / name)

    def using(database: Database) -> Collaborators:
        metrics = Metrics()
        return Collaborators(
            database=database,
            clock=clock,
            sealed=load_sealed_columns(keys / "registry"),
            sealed_fields=SealedFields("registry", keys),
            rules=ImportRules(),
            lines_applied=count_of_lines(metrics),
            metrics=metrics,
            keys=keys / "registry",
            worker_id=str(new_id()),
        )

    return Registry(made, clock, api=using(made.api), worker=using(made.worker))


@pytest.fixture
async def registry(databases: DatabaseFactory, clock: FixedClock, keys: Path) -> Registry:
    """Return a registry that knows nobody yet."""
    return await make_registry(databases, clock, keys)
