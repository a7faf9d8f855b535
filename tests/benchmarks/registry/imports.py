"""Imports: persons a second from the first byte received to the last row committed.

The file goes the real way: received in chunks, cut, sealed and stored; opened and read by a crew of
processes; recorded by COPY into sealed, indexed, versioned tables beside their outbox rows. Limit:
the bare binary COPY of the very rows that came of it, into the same emptied tables.
"""

import asyncio
import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psycopg

from services.registry.storage.import_jobs import ImportRequest
from services.registry.use_cases.apply_next_block import ImportApplier
from services.registry.use_cases.block_readers import CrewReader
from services.registry.use_cases.collaborators import Collaborators, ImportRules, count_of_lines
from services.registry.use_cases.receive_import import receive_import
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.ids import new_id
from shared.runtime.metrics import Metrics
from shared.runtime.state_folder import temporary_folder
from shared.storage.database import Database
from shared.storage.embedded import start_postgres
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import make_test_keys
from tests.benchmarks.report import Figure

SEED = 7
PERSONS_A_HOUSEHOLD = 4.1
CREW = 2
CHUNK_BYTES = 65_536
SLICE_PERSONS = 100_000
HOUSEHOLDS_MAX = 20_000
COPY_BYTES = 262_144
_PERSON = b'{"type":"person"'


@dataclass(frozen=True)
class CurvePoint:
    """What a person cost when so many were recorded already."""

    persons: int
    us_per_person: float


@dataclass(frozen=True)
class Loading:
    """A registry on its own server, and what loads it."""

    databases: ServiceDatabases
    admin_url: str
    api: Collaborators
    applier: ImportApplier

    async def load(self, lines: Sequence[bytes]) -> float:
        """Receive and apply a file of lines; return the seconds it took."""
        file = b"\n".join(lines)
        digest = hashlib.sha256(file).digest()
        started = time.perf_counter()
        request = ImportRequest("bench", str(new_id()), digest, ("*",))
        job = await receive_import(request, _chunks(file), using=self.api)
        while await self.applier.apply_next_blocks():
            pass
        seconds = time.perf_counter() - started
        rejected = await self.databases.value(
            "SELECT rejected FROM import_job WHERE job_id = %(job_id)s", job_id=job.job_id
        )
        if rejected:
            message = f"{rejected} lines of the benchmark's own file were refused."
            raise AssertionError(message)
        return seconds


def measure_imports(*, persons: int, settings: tuple[str, ...] = ()) -> list[Figure]:
    """Return how fast persons and households are imported, and print what a person cost when.

    Args:
        persons: About how many to import; the curve has a point each `SLICE_PERSONS`.
        settings: Further settings of the PostgreSQL server.
    """
    with temporary_folder("sanad-bench-") as folder:
        return asyncio.run(_measure(folder, persons, settings))


async def _measure(folder: Path, persons: int, settings: tuple[str, ...]) -> list[Figure]:
    population = _population(folder, persons)
    with population.open("rb") as lines, _server(folder, settings) as admin_url:
        async with loading(folder, admin_url) as registry:
            settle_garbage_collector()
            known, curve, seconds = 0, [], 0.0
            people = (line.rstrip(b"\n") for line in lines if line.startswith(_PERSON))
            while some := list(islice(people, SLICE_PERSONS)):
                took = await registry.load(some)
                known, seconds = known + len(some), seconds + took
                curve.append(CurvePoint(known, took / len(some) * 1e6))
            lines.seek(0)
            households = (line.rstrip(b"\n") for line in lines if not line.startswith(_PERSON))
            homes = list(islice(households, HOUSEHOLDS_MAX))
            households_per_s = len(homes) / await registry.load(homes)
            bare = _bare_copies(admin_url, registry.databases, folder)
    print_curve(curve)
    return [
        Figure("import_persons_per_s", known / seconds, known / bare["persons"], "bare COPY"),
        Figure(
            "import_households_per_s",
            households_per_s,
            len(homes) / bare["households"],
            "bare COPY",
        ),
        Figure("import_us_per_person_first", curve[0].us_per_person, 50.0, "20,000 a second"),
        Figure("import_us_per_person_last", curve[-1].us_per_person, 50.0, "20,000 a second"),
    ]


def print_curve(curve: Sequence[CurvePoint]) -> None:
    """Print what a person cost at each size of the tables."""
    sys.stdout.write("persons recorded    microseconds a person\n")
    for point in curve:
        bar = "#" * round(point.us_per_person)
        sys.stdout.write(f"{point.persons:>16,}  {point.us_per_person:>10.1f}  {bar}\n")


@asynccontextmanager
async def loading(folder: Path, admin_url: str) -> AsyncIterator[Loading]:
    """Yield an empty registry on a server."""
    keys = folder / "keys"
    make_test_keys(keys, "registry", "payments", "notifications")
    factory = DatabaseFactory(admin_url)
    databases = await factory.make("registry")
    crew = CrewReader(keys / "registry", size=CREW)
    try:
        worker = _collaborators(databases.worker, keys)
        api = _collaborators(databases.api, keys)
        yield Loading(databases, admin_url, api, ImportApplier(worker, crew=crew))
    finally:
        crew.close()
        await factory.drop_all()


def _collaborators(database: Database, keys: Path) -> Collaborators:
    metrics = Metrics()
    return Collaborators(
        database=database,
        clock=FixedClock(),
        sealed=load_sealed_columns(keys / "registry"),
        sealed_fields=SealedFields("registry", keys),
        rules=ImportRules(),
        lines_applied=count_of_lines(metrics),
        metrics=metrics,
        keys=keys / "registry",
        worker_id=str(new_id()),
    )


def _population(folder: Path, persons: int) -> Path:
    """Write a population of about so many persons."""
    households = max(1, round(persons / PERSONS_A_HOUSEHOLD))
    out = folder / "population"
    command = ["simulators.population", "--households", str(households), "--seed", str(SEED)]
    subprocess.run(
        [sys.executable, "-m", *command, "--out", str(out)], check=True, capture_output=True
    )
    return out / "population.jsonl"


@contextmanager
def _server(folder: Path, settings: tuple[str, ...]) -> Iterator[str]:
    server = start_postgres(folder, settings=settings)
    try:
        yield server.admin_url
    finally:
        server.stop()


async def _chunks(file: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(file), CHUNK_BYTES):
        yield file[start : start + CHUNK_BYTES]


PERSON_TABLES = ("person", "person_version")
HOUSEHOLD_TABLES = ("household", "household_version", "household_member", "residence")


def _bare_copies(admin_url: str, databases: ServiceDatabases, folder: Path) -> dict[str, float]:
    """Return the seconds that the bare COPY of the same rows into the same tables takes."""
    url = admin_url.rpartition("/")[0] + "/" + databases.urls.owner.rpartition("/")[2]
    with psycopg.connect(url) as connection:  # noqa: TID251 -- no service takes part
        return {
            "persons": _bare_copy(connection, PERSON_TABLES, folder),
            "households": _bare_copy(connection, HOUSEHOLD_TABLES, folder),
        }


def _bare_copy(connection: psycopg.Connection, tables: Sequence[str], folder: Path) -> float:
    for table in tables:
        with (
            (folder / table).open("wb") as kept,
            connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT BINARY)".encode()) as rows,
        ):
            for some in rows:
                kept.write(some)
    connection.execute(f"TRUNCATE {', '.join(tables)}".encode())
    connection.commit()
    started = time.perf_counter()
    for table in tables:
        with (
            (folder / table).open("rb") as kept,
            connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as rows,
        ):
            while some := kept.read(COPY_BYTES):
                rows.write(some)
    connection.commit()
    return time.perf_counter() - started
