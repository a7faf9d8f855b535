"""`python -m tests.drills.keys --persons N`: rotate the registry's keys while it is asked.

The api runs as a process of its own, the worker in this one; a bounded load of look-ups, tokens,
declarations and imports lies on them. Meanwhile an operator's commands rotate the keys of partners'
tokens, columns and indexes, seal and index everything anew, and retire the old versions. Prints
what was asked before, during and after, and as the last line one JSON object. Exits with 1 if any
request was refused or answered wrongly, if a command failed, or if anybody was recorded twice.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from services.registry.events.published import ContactRecorded, PayeeRecorded
from services.registry.main import SERVICE, Settings, create_worker
from services.registry.use_cases.rotate_keys import SETTLE_SECONDS
from shared.messaging.in_process import InProcessBroker
from shared.runtime.clock import SystemClock
from shared.runtime.ids import new_id
from shared.runtime.logging import configure_logging
from shared.runtime.metrics import Metrics
from shared.runtime.state_folder import temporary_folder
from shared.storage.embedded import start_postgres
from shared.testing.databases import DatabaseFactory, ServiceDatabases
from shared.testing.tokens import ISSUER, Issuer
from shared.web.process import open_platform
from shared.web.working import Employment, at_work
from tests.drills.duplicates import generate_population
from tests.drills.key_report import Asked, Phase, print_refusals, report
from tests.services.registry.declaring import a_file, a_household, a_person, content_digest

PARTNER, PURPOSE = "hospital", "identity-verification"
QUIET_SECONDS = 10.0
TOKEN_SECONDS = 3600
SAMPLE_PERSONS = 80
# Numbers of persons and households beyond those of two million persons.
MOTHERS = range(500_001, 500_201)
NEWBORNS_FROM, IMPORTED_FROM = 600_001, 700_001
BORN_DAYS_AGO = 2
LOADED_SECONDS_MAX = 600.0
POLL_SECONDS = 0.2
PHASES = ("before", "during", "after")
COMMANDS = (
    ("keys", "rotate", "partner-tokens"),
    ("keys", "rotate", "columns"),
    ("reseal",),
    ("keys", "rotate", "index"),
    ("reindex",),
    *(
        ("keys", "retire", name, "k1", "--after-seconds", str(SETTLE_SECONDS))
        for name in ("columns", "index", "partner-tokens")
    ),
)
SCOPES = {
    "look-up": ("registry.persons:read",),
    "search": ("registry.persons:search", "registry.households:search"),
    "verify": ("registry.persons:verify",),
    "verify-batch": ("registry.persons:verify",),
    "kyc": ("registry.persons:kyc",),
    "declare": ("registry.declarations:write",),
    "import": ("registry.imports:write", "registry.imports:read"),
}
OF_THE_PARTNER = frozenset({"verify", "verify-batch", "kyc"})
_SOME_DAY = "2026-01-15"
_PERSON = b'{"type":"person"'


class CommandFailedError(Exception):
    """A command of the operator's failed; the message is what it said last."""


@dataclass
class Drill:
    """A registry that serves, and what an operator did to its keys."""

    folder: Path
    databases: ServiceDatabases
    issuer: Issuer
    port: int = 0
    steps: list[tuple[str, float, str]] = field(default_factory=list)
    """Which command, for how many seconds, and what it said."""

    @property
    def keys(self) -> Path:
        """Return the folder of every key."""
        return self.folder / "keys"

    @property
    def url(self) -> str:
        """Return where the api answers."""
        return f"http://127.0.0.1:{self.port}/registry/v1"

    def headers(self, *scopes: str, subject: str = "officer") -> dict[str, str]:
        """Return what a caller states, with a key of its own."""
        return {
            "Authorization": f"Bearer {self.token(*scopes, subject=subject)}",
            "Sanad-Purpose": PURPOSE,
            "Idempotency-Key": str(new_id()),
        }

    def token(self, *scopes: str, subject: str = "officer") -> str:
        """Return a token that outlives the drill."""
        expires = int(time.time()) + TOKEN_SECONDS  # noqa: TID251 -- tokens expire by real time
        return self.issuer.token(*scopes, subject=subject, purposes=[PURPOSE], exp=expires)

    async def command(self, *words: str) -> str:
        """Run a command of the registry as an operator does; return what it said last.

        Raises:
            CommandFailedError: It failed.
        """
        urls = self.databases.urls
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services", SERVICE, *words),
            env={
                "PATH": os.environ["PATH"],  # noqa: TID251 -- a program is started
                "SANAD_STATE_DIR": str(self.folder / "state"),
                "SANAD_KEY_DIR": str(self.keys),
                "DATABASE_URL": urls.worker,
                "OWNER_DATABASE_URL": urls.owner,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started = time.monotonic()
        said = (await process.communicate())[0].decode().strip()
        last = said.rpartition("\n")[2]
        if process.returncode != 0:
            message = f"{' '.join(words)} failed: {last}"
            raise CommandFailedError(message)
        self.steps.append((" ".join(words), time.monotonic() - started, last))
        return last


def main(arguments: list[str]) -> int:
    """Run the drill; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.keys")
    parser.add_argument("--persons", type=int, default=20_000)
    asked = parser.parse_args(arguments)
    configure_logging(SERVICE, level="WARNING")
    with temporary_folder("sanad-drill-") as folder:
        population = generate_population(folder, asked.persons, 0.0) / "population.jsonl"
        server = start_postgres(folder)
        try:
            return asyncio.run(_run(folder, server.admin_url, population.read_bytes()))
        finally:
            server.stop()


async def _run(folder: Path, admin_url: str, population: bytes) -> int:
    factory = DatabaseFactory(admin_url)
    drill = Drill(folder, await factory.make(SERVICE), Issuer())
    await drill.command("migrate")
    await drill.command("keys")
    drill.steps.clear()
    jwks = await drill.issuer.verifier().fetch_keys()
    try:
        async with _working(drill):
            with _serving(drill, jwks) as drill.port:
                loaded = await _load(drill, population)
                return await _rotate_under_load(drill, population, loaded)
    finally:
        await drill.databases.close()


async def _rotate_under_load(drill: Drill, population: bytes, loaded: int) -> int:
    load = _start_load(drill, _sample(population))
    try:
        begins = time.monotonic()
        await asyncio.sleep(QUIET_SECONDS)
        changes = time.monotonic()
        failure = await _change_keys(drill)
        changed = time.monotonic()
        await asyncio.sleep(QUIET_SECONDS)
    finally:
        load.terminate()
        outcome: dict[str, Any] = json.loads((await asyncio.to_thread(load.communicate))[0])
    persons = await drill.databases.value("SELECT count(*) FROM person")
    twice = persons - loaded - outcome["recorded"]
    asked = [Asked(*one) for one in outcome["asked"]]
    phases = [
        Phase.of(name, until - since, [one for one in asked if since <= one.at < until])
        for name, since, until in zip(
            PHASES,
            (begins, changes, changed),
            (changes, changed, time.monotonic()),
            strict=True,
        )
    ]
    print_refusals(drill.folder / "load.log")
    return report(phases, drill.steps, persons=persons, twice=twice, failure=failure)


async def _change_keys(drill: Drill) -> str | None:
    """Give the operator's commands one after the other; return what stopped them, if anything."""
    try:
        for words in COMMANDS:
            await drill.command(*words)
    except CommandFailedError as error:
        return str(error)
    return None


@asynccontextmanager
async def _working(drill: Drill) -> AsyncIterator[None]:
    """Let the registry's worker work in this process."""
    settings = Settings(
        sanad_state_dir=drill.folder / "state",
        sanad_key_dir=drill.keys,
        sanad_issuer=ISSUER,
        database_url=SecretStr(drill.databases.urls.worker),
        registry_import_readers=0,
    )
    broker = InProcessBroker(drill.folder / "events")
    async with open_platform(
        SERVICE,
        settings,
        database_url=drill.databases.urls.worker,
        metrics=Metrics(),
        verifier=drill.issuer.verifier(),
    ) as platform:
        worker = create_worker(settings, platform)
        # Whoever else receives the registry's events would; nobody here reads them.
        await broker.declare("elsewhere", [ContactRecorded.TYPE, PayeeRecorded.TYPE])
        try:
            async with at_work([Employment(worker, platform)], broker):
                yield
        finally:
            await broker.close()


@contextmanager
def _serving(drill: Drill, jwks: Mapping[str, Any]) -> Iterator[int]:
    """Let the registry's api serve as a process; yield its port."""
    terms = {
        "state": str(drill.folder / "state"),
        "keys": str(drill.keys),
        "issuer": ISSUER,
        "jwks": jwks,
        "database_url": drill.databases.urls.api,
    }
    process = _start("tests.benchmarks.registry.serving", terms, log=drill.folder / "api.log")
    try:
        line = "" if process.stdout is None else process.stdout.readline()
        yield int(json.loads(line)["port"])
    finally:
        process.terminate()
        process.wait()


def _start_load(drill: Drill, people: Sequence[dict[str, Any]]) -> "subprocess.Popen[str]":
    born = SystemClock().today() - timedelta(days=BORN_DAYS_AGO)
    terms = {
        "port": drill.port,
        "purpose": PURPOSE,
        "people": people,
        "mothers": list(MOTHERS),
        "born": born.isoformat(),
        "newborns_from": NEWBORNS_FROM,
        "imported_from": IMPORTED_FROM,
        "tokens": {
            what: drill.token(*scopes, subject=PARTNER if what in OF_THE_PARTNER else "officer")
            for what, scopes in SCOPES.items()
        },
    }
    return _start("tests.drills.key_load", terms, log=drill.folder / "load.log")


def _start(module: str, terms: Mapping[str, Any], *, log: Path) -> "subprocess.Popen[str]":
    """Start a module as a process and hand it its terms."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    if process.stdin is not None:
        process.stdin.write(json.dumps(terms) + "\n")
        process.stdin.flush()
    return process


def _sample(population: bytes) -> list[dict[str, Any]]:
    """Return some persons with an identity card, from all over the population."""
    lines = population.splitlines()
    people = [json.loads(line) for line in lines if line.startswith(_PERSON)]
    fit = [one for one in people if one["cnie"] is not None and one["status"] == "active"]
    step = max(1, len(fit) // SAMPLE_PERSONS)
    return fit[::step][:SAMPLE_PERSONS]


async def _load(drill: Drill, population: bytes) -> int:
    """Agree with the partner, and import everybody as a registrar would; return how many."""
    families = a_file(
        *(a_person(mother) for mother in MOTHERS),
        *(a_household(mother, [mother], declared_on=_SOME_DAY) for mother in MOTHERS),
    )
    policy = {
        "name_ar": "المستشفى الجهوي",
        "name_fr": "Hôpital régional",
        "purposes": [{"code": PURPOSE, "legal_basis": "Loi 72-18", "consent_required": False}],
        "told": ["name_latin", "birth_date"],
        "verified": ["sex", "document"],
        "identifier": "token",
        "quota_per_day": 10_000_000,
        "batch": True,
    }
    async with httpx.AsyncClient(timeout=60.0, trust_env=False) as http:
        keeper = drill.headers("registry.partners:write")
        agreed = await http.put(f"{drill.url}/partners/{PARTNER}", json=policy, headers=keeper)
        agreed.raise_for_status()
        for file in (population, families):
            await _import(http, drill, file)
    persons: int = await drill.databases.value("SELECT count(*) FROM person")
    return persons


async def _import(http: httpx.AsyncClient, drill: Drill, file: bytes) -> None:
    """Send a file and wait until all of it is recorded.

    Raises:
        AssertionError: A line was refused.
    """
    headers = drill.headers(*SCOPES["import"])
    stated = {"Content-Type": "application/jsonl", "Content-Digest": content_digest(file)}
    received = await http.post(f"{drill.url}/imports", content=file, headers=headers | stated)
    received.raise_for_status()
    place = f"{drill.url}/imports/{received.json()['job_id']}"
    async with asyncio.timeout(LOADED_SECONDS_MAX):
        while True:
            job = (await http.get(place, headers=headers)).json()
            if job["state"] in ("completed", "failed"):
                break
            await asyncio.sleep(POLL_SECONDS)
    if job["state"] == "failed" or job["rejected"]:
        message = f"Of the drill's own file {job['rejected']} lines were refused: {job['state']}."
        raise AssertionError(message)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
