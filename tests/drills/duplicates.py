"""`python -m tests.drills.duplicates --persons N`: find what a dirty population hides.

A population is generated with its truth beside it, imported the real way, and searched for persons
and households recorded twice; then its RAMED list is matched. Prints precision, recall and seconds
of each, and as the last line one JSON object. Exits with 1 if a promise is not kept.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from services.registry.storage.ramed import NUMBER_COLUMN, ROW_TABLE
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.find_duplicates import (
    find_next_duplicates,
    request_duplicate_search,
)
from services.registry.use_cases.match_ramed import match_next_rows
from services.registry.use_cases.read_block import IDCS_FIELD, REFERENCE_FIELD
from services.registry.use_cases.receive_ramed import RamedRequest, receive_ramed, rows_of
from shared.kernel.batches import batched
from shared.runtime.state_folder import temporary_folder
from shared.storage.database import RowScope
from shared.storage.embedded import start_postgres
from tests.benchmarks.registry.imports import Loading, loading

SEED = 11
DIRTY = 0.05
PERSONS_A_HOUSEHOLD = 4.1
SLICE_LINES = 100_000
RAMED_ROWS_AT_ONCE = 100_000
SECONDS_PER_MILLION_MAX = 300.0
_PERSON = b'{"type":"person"'

# The least precision and recall of each.
PROMISES = {"persons": (0.95, 0.90), "households": (0.95, 0.90), "ramed": (0.99, 0.90)}


@dataclass(frozen=True)
class Finding:
    """What was found of what was hidden, and how long it took."""

    name: str
    found: int
    right: int
    hidden: int
    seconds: float

    @property
    def precision(self) -> float:
        """Return which share of what was found is true."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Return which share of the truth was found."""
        return self.right / self.hidden if self.hidden else 0.0


def main(arguments: list[str]) -> int:
    """Run the drill; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.duplicates")
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--dirty", type=float, default=DIRTY)
    asked = parser.parse_args(arguments)
    with temporary_folder("sanad-drill-") as folder:
        findings, persons = asyncio.run(_run(folder, asked.persons, asked.dirty))
    return 0 if _report(findings, persons) else 1


async def _run(folder: Path, persons: int, dirty: float) -> tuple[list[Finding], int]:
    with _stage("generating"):
        population = generate_population(folder, persons, dirty)
    server = start_postgres(folder)
    try:
        async with loading(folder, server.admin_url) as registry:
            await _load(registry, population / "population.jsonl")
            truth = _Truth.read(population / "truth.jsonl")
            # The statistics that autovacuum gathers within a minute of a load.
            async with registry.databases.owner.transaction() as tx:
                await tx.execute("ANALYZE")
            with _stage("searching persons"):
                persons_found = await _search(registry, "persons")
            with _stage("searching households"):
                households_found = await _search(registry, "households")
            findings = [
                await _judge(registry, "persons", persons_found, truth.persons),
                await _judge(registry, "households", households_found, truth.households),
            ]
            with _stage("matching RAMED"):
                findings.append(await _ramed(registry, population))
            recorded = await registry.databases.value("SELECT count(*) FROM person")
    finally:
        server.stop()
    return findings, recorded


@dataclass(frozen=True)
class _Truth:
    """The pairs that the generator planted, by IDCS and by reference."""

    persons: set[frozenset[str]]
    households: set[frozenset[str]]

    @classmethod
    def read(cls, path: Path) -> "_Truth":
        persons, households = set(), set()
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry["kind"] == "duplicate_person":
                persons.add(frozenset(entry["idcs"]))
            elif entry["kind"] == "split_household":
                households.add(frozenset(entry["references"]))
        return cls(persons, households)


def generate_population(folder: Path, persons: int, dirty: float) -> Path:
    """Write about so many persons, and the truth about the spoiled ones; return their folder."""
    households = max(1, round(persons / PERSONS_A_HOUSEHOLD))
    out = folder / "population"
    command = ["simulators.population", "--households", str(households), "--seed", str(SEED)]
    options = ["--out", str(out), "--dirty", str(dirty)]
    subprocess.run([sys.executable, "-m", *command, *options], check=True, stdout=sys.stderr)
    return out


async def _load(registry: Loading, population: Path) -> None:
    """Load the persons first, then the households that name them."""
    for name, of_persons in (("persons", True), ("households", False)):
        with _stage(f"loading {name}"), population.open("rb") as file:
            lines = (line.rstrip(b"\n") for line in file if line.startswith(_PERSON) == of_persons)
            for some in _slices(lines):
                await registry.load(some)


@contextmanager
def _stage(name: str) -> Iterator[None]:
    """Print how long a stage took, once it is over."""
    started = time.perf_counter()
    yield
    sys.stdout.write(f"{name:<22} {time.perf_counter() - started:8.1f} s\n")
    sys.stdout.flush()


def _slices(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    remaining = iter(lines)
    while some := list(islice(remaining, SLICE_LINES)):
        yield some


async def _search(registry: Loading, kind: Any) -> float:  # noqa: ANN401 -- one of two literals
    """Search for duplicates and return the seconds it took."""
    worker = registry.applier.using
    async with worker.database.transaction() as tx:
        await request_duplicate_search(tx, kind, requested_by="drill", using=worker)
    started = time.perf_counter()
    while await find_next_duplicates(worker):
        pass
    return time.perf_counter() - started


async def _ramed(registry: Loading, population: Path) -> Finding:
    """Match the population's list, and compare whom its rows were matched to with the truth."""
    worker = registry.applier.using
    truth = {
        entry["number"]: entry
        for entry in map(json.loads, (population / "truth.jsonl").open("rb"))
        if entry["kind"] == "ramed_match"
    }
    rows = rows_of((population / "ramed.csv").read_bytes())
    async with worker.database.transaction() as tx:
        asked = RamedRequest("drill", ("*",))
        for some in batched(rows, RAMED_ROWS_AT_ONCE):
            await receive_ramed(tx, asked, some, using=worker)
    started = time.perf_counter()
    while await match_next_rows(worker):
        pass
    seconds = time.perf_counter() - started
    true = {number: entry["idcs"] for number, entry in truth.items() if len(entry["idcs"]) == 1}
    ids = await _ids(worker, "persons", {idcs for (idcs,) in true.values()}, field=IDCS_FIELD)
    results = await registry.databases.rows("SELECT * FROM ramed_row WHERE outcome = 'matched'")
    right = 0
    for row in results:
        number = worker.sealed.unseal(
            row["number_sealed"], table=ROW_TABLE, column=NUMBER_COLUMN, row_id=row["row_id"]
        )
        right += number in true and row["person_ids"] == [ids[true[number][0]]]
    return Finding("ramed", len(results), right, len(true), seconds)


async def _judge(
    registry: Loading, kind: str, seconds: float, truth: set[frozenset[str]]
) -> Finding:
    """Compare what was proposed with what was planted."""
    worker = registry.applier.using
    field = IDCS_FIELD if kind == "persons" else REFERENCE_FIELD
    ids = await _ids(worker, kind, {value for pair in truth for value in pair}, field=field)
    hidden = {tuple(sorted(ids[value] for value in pair)) for pair in truth}
    rows = await registry.databases.rows(
        "SELECT first_id, second_id FROM duplicate_proposal WHERE kind = %(kind)s", kind=kind
    )
    found = {(row["first_id"], row["second_id"]) for row in rows}
    return Finding(kind, len(found), len(found & hidden), len(hidden), seconds)


async def _ids(using: Collaborators, kind: str, values: set[str], *, field: str) -> dict[str, UUID]:
    blinds = {using.sealed.blind(field, value): value for value in values}
    query = (
        "SELECT person_id AS id, idcs_blind AS blind FROM person WHERE idcs_blind = ANY(%(blinds)s)"
        if kind == "persons"
        else "SELECT household_id AS id, reference_blind AS blind FROM household"
        " WHERE reference_blind = ANY(%(blinds)s)"
    )
    async with using.database.transaction(RowScope.everything()) as tx:
        cursor = await tx.execute(query, {"blinds": list(blinds)})
        return {blinds[bytes(row["blind"])]: row["id"] for row in await cursor.fetchall()}


def _report(findings: list[Finding], persons: int) -> bool:
    """Print the findings; return whether every promise is kept."""
    kept = True
    for one in findings:
        precision_min, recall_min = PROMISES[one.name]
        kept &= one.precision >= precision_min and one.recall >= recall_min
        kept &= one.seconds <= SECONDS_PER_MILLION_MAX * max(1.0, persons / 1_000_000)
        sys.stdout.write(
            f"{one.name:<12} precision {one.precision:.4f}  recall {one.recall:.4f}"
            f"  ({one.found:,} proposed, {one.hidden:,} hidden)  {one.seconds:8.1f} s"
            f"  among {persons:,} persons\n"
        )
    document = {
        one.name: {
            "precision": round(one.precision, 5),
            "recall": round(one.recall, 5),
            "seconds": round(one.seconds, 2),
        }
        for one in findings
    }
    sys.stdout.write(json.dumps({"drill": "duplicates", "recorded": persons, **document}) + "\n")
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
