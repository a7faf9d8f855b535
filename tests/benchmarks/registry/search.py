"""Name search: milliseconds from the request to the answer, the log row committed in between.

Searches are sent to the registry's application itself, one after another, as registrars write them:
a full name in either script, or one that is misspelt beside a birth. Limit: the bare query of the
same tokens by the same role on the same connection pool, which opens, scores and logs nothing.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import httpx

from services.registry.domain.search import Sought, alternatives_of
from services.registry.main import OWN_KEYS, create_app
from services.registry.settings import Settings
from services.registry.storage.search import find_by_tokens
from services.registry.use_cases.search_persons import CANDIDATES_MAX
from services.registry.use_cases.search_tokens import sound_tokens
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.keys import make_key
from shared.runtime.state_folder import temporary_folder
from shared.storage.database import RowScope
from shared.storage.embedded import start_postgres
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.benchmarks.registry.imports import SLICE_PERSONS, Loading, loading
from tests.benchmarks.report import Figure
from tests.drills.duplicates import generate_population

SEED = 23
SEARCHES = 600
WARM_UP = 60
ANSWERED = (200, 422)
_PERSON = b'{"type":"person"'


@dataclass(frozen=True)
class Search:
    """One search, as it is sent and as the bare query knows it."""

    body: dict[str, Any]
    sought: Sought


def measure_search(*, persons: int) -> list[Figure]:
    """Return how long a name search takes among so many persons.

    Args:
        persons: About how many to load first.
    """
    with temporary_folder("sanad-bench-") as folder:
        return asyncio.run(_measure(folder, persons))


async def _measure(folder: Path, persons: int) -> list[Figure]:
    population = generate_population(folder, persons, dirty=0.0) / "population.jsonl"
    server = start_postgres(folder)
    try:
        async with loading(folder, server.admin_url) as registry:
            people = await _load(registry, population)
            searches = _searches(people)
            bare = [await _bare(registry, one.sought) for one in searches]
            async with _client(registry, folder) as client:
                settle_garbage_collector()
                taken = [await _ask(client, one.body) for one in searches]
    finally:
        server.stop()
    return [
        Figure(
            "name_search_p95_ms",
            _percentile(taken[WARM_UP:]),
            _percentile(bare[WARM_UP:]),
            "bare query of the same tokens",
        )
    ]


async def _load(registry: Loading, population: Path) -> list[dict[str, Any]]:
    """Load everybody; return some of them."""
    kept: list[dict[str, Any]] = []
    rng = Random(SEED)  # noqa: S311 -- repeatable, no secret
    with population.open("rb") as file:
        lines = (line.rstrip(b"\n") for line in file if line.startswith(_PERSON))
        while some := list(islice(lines, SLICE_PERSONS)):
            await registry.load(some)
            drawn = rng.sample(some, min(SEARCHES + WARM_UP, len(some)))
            kept += [json.loads(line) for line in drawn]
    async with registry.databases.owner.transaction() as tx:
        await tx.execute("ANALYZE")
    return rng.sample(kept, SEARCHES + WARM_UP)


def _searches(people: Sequence[dict[str, Any]]) -> list[Search]:
    bodies = [_body(place, person) for place, person in enumerate(people)]
    return [Search(body, _sought(body)) for body in bodies]


def _body(place: int, person: dict[str, Any]) -> dict[str, Any]:
    """Return a search for a person, as one of four registrars would send it."""
    arabic = " ".join(person["name_ar"].values())
    latin = " ".join(person["name_latin"].values())
    born: str = person["birth_date"]
    return (
        {"name": latin},
        {"name": arabic, "birth_year": int(born[:4]), "years_around": 2},
        {"name": latin.title().replace("ou", "u"), "birth_date": born},
        {"name": person["name_ar"]["family"], "birth_date": born, "sex": person["sex"]},
    )[place % 4]


def _sought(body: dict[str, Any]) -> Sought:
    stated = dict(body)
    if "birth_date" in stated:
        stated["birth_date"] = date.fromisoformat(stated["birth_date"])
    return Sought(**stated)


async def _bare(registry: Loading, sought: Sought) -> float:
    sealed = registry.api.sealed
    tokens = [
        sound_tokens(sounds, sealed=sealed, key_id=sealed.index_key_ids[0])
        for sounds in alternatives_of(sought.name or "")
    ]
    started = time.perf_counter()
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        await find_by_tokens(tx, tokens, sought, most=CANDIDATES_MAX + 1)
    return time.perf_counter() - started


@asynccontextmanager
async def _client(registry: Loading, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a registrar's client of the registry's application, in this process."""
    keys, issuer = folder / "keys", Issuer()
    for name in OWN_KEYS:
        make_key(keys / "registry" / name)
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=FixedClock(),
        keys=keys,
        verifier=issuer.verifier(),
    )
    app = create_app(Settings(sanad_profile="demo"), platform)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://registry.bench",
        headers=issuer.headers("registry.persons:search"),
    ) as client:
        yield client


async def _ask(client: httpx.AsyncClient, body: dict[str, Any]) -> float:
    """Send a search and return the seconds until its answer; one too wide is refused."""
    started = time.perf_counter()
    answer = await client.post("/registry/v1/persons/search", json=body)
    seconds = time.perf_counter() - started
    if answer.status_code not in ANSWERED:
        message = f"A search was answered with status {answer.status_code}."
        raise AssertionError(message)
    return seconds


def _percentile(seconds: Sequence[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=20)[-1] * 1e3
