"""Look-ups: one person at a time, and a thousand, each with its durable access log row.

The api is the real application as a process of its own; the load comes from another, over loopback.
Limits, measured in the same run: a route of the same application that does nothing, under the same
load; and the bare COPY of as many rows into an access log of the same shape. That route has a limit
of its own, FastAPI with nothing around it, by which figures of two machines can be compared.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from services.registry.domain.declarations import DeclaredPerson, Name
from services.registry.domain.identifiers import CheckDigit, idcs_holds
from services.registry.domain.policies import (
    Attribute,
    IdentifierKind,
    PartnerPolicy,
    PolicyPurpose,
)
from services.registry.domain.territory import communes
from services.registry.main import OWN_KEYS
from services.registry.storage.persons import add_person_versions, add_persons
from services.registry.storage.policies import add_policy
from services.registry.use_cases.prepare_persons import prepare_persons
from shared.kernel.batches import batched
from shared.runtime.clock import SystemClock
from shared.runtime.ids import new_id
from shared.runtime.keys import make_key
from shared.runtime.state_folder import temporary_folder
from shared.storage.embedded import start_postgres
from shared.storage.sealed import load_sealed_columns
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.platforms import make_test_keys
from shared.testing.tokens import ISSUER, Issuer
from tests.benchmarks.registry.serving import BARE
from tests.benchmarks.report import Figure

CONNECTIONS = 16
BATCH_CONNECTIONS = 4
BATCH_ITEMS = 1_000
CLIENT, PURPOSE = "benchmark", "identity-verification"
CHUNK_PERSONS = 5_000
BODIES_MAX = 20_000
WARM_UP_SECONDS = 2.0
BORN_FIRST = date(1940, 1, 1)
BORN_DAYS = 30_000
_BARE_TYPES = (
    *("uuid", "timestamptz", "text", "text", "text", "text[]", "text", "uuid", "text"),
    *("date", "timestamptz", "bigint"),
)


@dataclass(frozen=True)
class Load:
    """What to ask, how, and what every answer must hold."""

    path: str
    bodies: Sequence[dict[str, Any]]
    expected: str
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Served:
    """A registry of so many persons, and the process that answers about them."""

    folder: Path
    port: int
    token: str
    seconds: float

    def ask(self, load: Load) -> dict[str, Any]:
        """Put a load on the registry and return what came of it.

        Raises:
            AssertionError: Something was refused, or answered wrongly.
        """
        bodies = self.folder / "bodies.jsonl"
        bodies.write_text("\n".join(json.dumps(body) for body in load.bodies))
        terms = {
            "port": self.port,
            "path": load.path,
            "headers": {"authorization": f"Bearer {self.token}", "sanad-purpose": PURPOSE},
            "bodies": str(bodies),
            "expected": load.expected,
            "connections": load.connections,
            "seconds": self.seconds,
            "warm_up_seconds": WARM_UP_SECONDS,
        }
        asked = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.registry.load"],
            input=json.dumps(terms) + "\n",
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        outcome: dict[str, Any] = json.loads(asked.stdout)
        if outcome["refused"] or outcome["wrong"]:
            message = f"The load was not answered as it must be: {outcome}."
            raise AssertionError(message)
        return outcome


def measure_look_ups(
    *, persons: int = 1_000_000, seconds: float = 6.0, settings: tuple[str, ...] = ()
) -> list[Figure]:
    """Return how fast single and batched questions are answered.

    Args:
        persons: How many the registry knows.
        seconds: How long each load lasts, after its warm-up.
        settings: Further settings of the PostgreSQL server.
    """
    with temporary_folder("sanad-bench-") as folder:
        server = start_postgres(folder, settings=settings)
        try:
            keys = folder / "keys"
            make_test_keys(keys, "registry", "payments", "notifications")
            for own in OWN_KEYS:
                make_key(keys / "registry" / own)
            asked, urls = asyncio.run(_prepare(server.admin_url, keys, persons))
            with _serving(folder, keys, urls.urls.api, seconds=seconds) as served:
                return _measure(served, asked, urls.urls.owner)
        finally:
            server.stop()


def _measure(served: Served, asked: Sequence[tuple[str, date]], owner_url: str) -> list[Figure]:
    alone = served.ask(Load(BARE, [{"hello": "world"}], "world"))
    hello = served.ask(Load("/registry/v1/hello", [{"hello": "world"}], "world"))
    look_up = served.ask(
        Load("/registry/v1/persons/look-up", [{"idcs": idcs} for idcs, _ in asked], "EL BAHRI")
    )
    items = [
        {"idcs": idcs, "attributes": {"birth_date": born.isoformat(), "sex": "F"}}
        for idcs, born in asked
    ]
    verify = served.ask(Load("/registry/v1/persons/verify", items, '"verified":true'))
    batches = [{"items": batch} for batch in batched(items, BATCH_ITEMS)]
    batch = served.ask(
        Load(
            "/registry/v1/persons/verify-batch",
            batches,
            '"verified":true',
            BATCH_CONNECTIONS,
        )
    )
    bare = _bare_copy(owner_url, rows=BATCH_ITEMS * 50)
    return [
        Figure("hello_rps", hello["per_second"], alone["per_second"], "FastAPI alone"),
        Figure(
            "lookup_rps", look_up["per_second"], hello["per_second"], "a route that does nothing"
        ),
        Figure("lookup_p99_ms", look_up["p99_ms"], hello["p99_ms"], "a route that does nothing"),
        Figure(
            "verify_rps", verify["per_second"], hello["per_second"], "a route that does nothing"
        ),
        Figure("verify_p99_ms", verify["p99_ms"], hello["p99_ms"], "a route that does nothing"),
        Figure(
            "batch_verify_ids_per_s",
            batch["per_second"] * BATCH_ITEMS,
            bare,
            "bare COPY of as many log rows",
        ),
    ]


async def _prepare(
    admin_url: str, keys: Path, persons: int
) -> tuple[list[tuple[str, date]], ServiceDatabases]:
    """Fill a registry and return some of its persons, and its database."""
    databases = await DatabaseFactory(admin_url).make("registry")
    sealed = load_sealed_columns(keys / "registry")
    clock, job_id = SystemClock(), new_id()
    asked: list[tuple[str, date]] = []
    step = max(1, persons // BODIES_MAX)
    for number, some in enumerate(batched(_people(persons), CHUNK_PERSONS)):
        asked += [(person.idcs, person.birth_date) for person in some[::step]]
        prepared = prepare_persons(some, sealed=sealed, registered_on=clock.today(), seen_in=job_id)
        async with databases.worker.transaction() as tx:
            await add_persons(tx, prepared.person_rows)
            await add_person_versions(tx, prepared.version_rows, recorded_at=clock.now())
        _say_progress((number + 1) * CHUNK_PERSONS, persons)
    async with databases.worker.transaction() as tx:
        await add_policy(tx, _policy(), at=clock.now(), by="benchmark")
    await databases.close()
    with psycopg.connect(databases.urls.owner, autocommit=True) as connection:  # noqa: TID251 -- maintenance
        connection.execute("VACUUM ANALYZE person, person_version")
    return asked[: len(asked) // BATCH_ITEMS * BATCH_ITEMS], databases


def _people(count: int) -> Iterator[DeclaredPerson]:
    """Return so many women with the same name, each with an IDCS and a day of birth of her own."""
    holds, homes = idcs_holds(CheckDigit.VERHOEFF), list(communes().values())
    for number in range(count):
        stem = f"2{number:08d}"
        idcs = next(f"{stem}{digit}" for digit in range(10) if holds(f"{stem}{digit}"))
        home = homes[number % len(homes)]
        yield DeclaredPerson(
            idcs=idcs,
            cnie=f"AB{100_000 + number % 900_000}",
            residence_permit=None,
            name_ar=Name("زهرة", "البحري"),
            name_latin=Name("Zahra", "EL BAHRI"),
            sex="F",
            birth_date=BORN_FIRST + timedelta(days=number % BORN_DAYS),
            birth_commune=home.commune_code,
            nationality="MAR",
            phones=(f"+2126{number:08d}",),
            commune=home,
            status="active",
        )


def _policy() -> PartnerPolicy:
    return PartnerPolicy(
        client=CLIENT,
        version=1,
        name_ar="قياس",
        name_fr="Banc",
        purposes=(PolicyPurpose(PURPOSE, "Law 72-18", consent_required=False),),
        told=frozenset({Attribute.BIRTH_DATE, Attribute.SEX}),
        verified=frozenset(),
        detail=False,
        identifier=IdentifierKind.IDCS,
        regions=("*",),
        quota_per_day=50_000_000,
        batch=True,
        dci=None,
    )


@contextmanager
def _serving(folder: Path, keys: Path, url: str, *, seconds: float) -> Iterator[Served]:
    issuer = Issuer()
    terms = {
        "state": str(folder / "state"),
        "keys": str(keys),
        "issuer": ISSUER,
        "jwks": asyncio.run(_published(issuer)),
        "database_url": url,
    }
    token = issuer.token(
        "registry.persons:read", "registry.persons:verify", subject=CLIENT, purposes=[PURPOSE]
    )
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.registry.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield Served(folder, _ready(process, terms), token, seconds)
        finally:
            process.terminate()
            process.wait()


async def _published(issuer: Issuer) -> Mapping[str, Any]:
    return await issuer.verifier().fetch_keys()


def _ready(process: "subprocess.Popen[str]", terms: Mapping[str, Any]) -> int:
    if process.stdin is None or process.stdout is None:
        message = "The api has no pipes."
        raise AssertionError(message)
    process.stdin.write(json.dumps(terms) + "\n")
    process.stdin.flush()
    return int(json.loads(process.stdout.readline())["port"])


def _bare_copy(owner_url: str, *, rows: int) -> float:
    """Return rows a second of a COPY into an empty table with the access log's columns and keys."""
    with psycopg.connect(owner_url) as connection:  # noqa: TID251 -- no service here
        connection.execute("CREATE TABLE bare (LIKE access_log INCLUDING ALL)")
        columns = (
            "access_id, accessed_at, client, purpose, action, attributes, result, person_id,"
            " region_code, valid_on, known_at, written_in"
        )
        values = connection.execute(
            f"SELECT {columns} FROM access_log LIMIT %(rows)s",  # noqa: S608 -- names above
            {"rows": rows},
        ).fetchall()
        started = time.perf_counter()
        statement = f"COPY bare ({columns}) FROM STDIN (FORMAT binary)"
        with connection.cursor().copy(statement.encode()) as copy:
            copy.set_types(_BARE_TYPES)
            for row in values:
                copy.write_row(row)
        connection.commit()
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE bare")
    return len(values) / seconds


def _say_progress(done: int, total: int) -> None:
    """Say how many persons are recorded, every tenth part."""
    if done % max(CHUNK_PERSONS, total // 10 // CHUNK_PERSONS * CHUNK_PERSONS) == 0:
        sys.stderr.write(f"{min(done, total):,} of {total:,} persons recorded\n")
