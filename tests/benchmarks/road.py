"""The road: how many households a second go from a file to a settled payment and a delivered SMS.

Limits, measured in the same run: the bare COPY of the same lines into one table of the same
PostgreSQL, and the bare serialisation of as many person lines by one core.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from shared.runtime.state_folder import temporary_folder
from shared.storage.embedded import start_postgres
from tests.benchmarks.report import Figure, report

HOUSEHOLDS = 20_000
SEED = 1
RSS_MB_MAX = 1024.0
HEALTHZ_MS_MAX = 200.0


def run() -> dict[str, Any]:
    """Measure the road and report it."""
    with temporary_folder("sanad-bench-") as folder:
        population = folder / "population"
        persons_per_s = _generate(population)
        lines = (population / "population.jsonl").read_bytes().splitlines(keepends=True)
        bare_households_per_s = _bare_copy(lines, folder)
        bare_persons_per_s = _bare_serialisation(lines)
        summary = _demo()
    households_per_s = summary["households"] / summary["seconds"]["total"]
    largest_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return report(
        "road",
        [
            Figure("households_per_s", households_per_s, bare_households_per_s, "bare COPY"),
            Figure("persons_generated_per_s", persons_per_s, bare_persons_per_s, "bare json.dumps"),
            Figure("peak_rss_mb", largest_mb, RSS_MB_MAX, "allowed"),
            Figure("healthz_p99_ms", summary["healthz_ms"]["p99"], HEALTHZ_MS_MAX, "allowed"),
            Figure("healthz_max_ms", summary["healthz_ms"]["max"], HEALTHZ_MS_MAX, "allowed"),
        ],
    )


def _generate(out: Path) -> float:
    started = time.perf_counter()
    command = ["simulators.population", "--households", str(HOUSEHOLDS), "--seed", str(SEED)]
    subprocess.run(
        [sys.executable, "-m", *command, "--out", str(out)], check=True, capture_output=True
    )
    seconds = time.perf_counter() - started
    with (out / "population.jsonl").open("rb") as lines:
        persons = sum(line.startswith(b'{"type":"person"') for line in lines)
    return persons / seconds


def _bare_copy(lines: list[bytes], state: Path) -> float:
    server = start_postgres(state)
    try:
        with psycopg.connect(server.admin_url) as connection:  # noqa: TID251 -- no service here
            connection.execute("CREATE TABLE line (body bytea)")
            started = time.perf_counter()
            with connection.cursor().copy("COPY line FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["bytea"])
                for line in lines:
                    copy.write_row((line,))
            connection.commit()
            return HOUSEHOLDS / (time.perf_counter() - started)
    finally:
        server.stop()


def _bare_serialisation(lines: list[bytes]) -> float:
    persons = [json.loads(line) for line in lines if line.startswith(b'{"type":"person"')]
    started = time.perf_counter()
    for person in persons:
        json.dumps(person, ensure_ascii=False)
    return len(persons) / (time.perf_counter() - started)


def _demo() -> dict[str, Any]:
    command = [sys.executable, "-m", "services", "demo", "--households", str(HOUSEHOLDS)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    summary: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return summary
