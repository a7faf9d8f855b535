"""The registry: look-ups, batches, name search, births and imports, one after the other.

How many persons each part works on is a variable of the environment, since a million of them take
a while: BENCH_PERSONS, 1,000,000 unless stated. The curve of the import shows a person's cost as
the register grows; BENCH_CURVE_PERSONS is where it ends.
"""

import os
from typing import Any

from shared.runtime.logging import configure_logging
from tests.benchmarks.registry.births import measure_births
from tests.benchmarks.registry.imports import measure_imports
from tests.benchmarks.registry.look_ups import measure_look_ups
from tests.benchmarks.registry.search import measure_search
from tests.benchmarks.report import report

PERSONS = int(os.environ.get("BENCH_PERSONS", "1000000"))  # noqa: TID251 -- a person's wish
CURVE_PERSONS = int(os.environ.get("BENCH_CURVE_PERSONS", str(PERSONS)))  # noqa: TID251 -- the same


def run() -> dict[str, Any]:
    """Measure the registry and report it."""
    # A line per request would bury the table; what goes wrong is still said.
    configure_logging("registry", level="WARNING")
    figures = [
        *measure_look_ups(persons=PERSONS),
        *measure_search(persons=PERSONS),
        *measure_births(),
        *measure_imports(persons=CURVE_PERSONS),
    ]
    return report("registry", figures)
