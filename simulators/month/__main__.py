"""`python -m simulators.month`: walk one month through a gateway and print what happened."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from simulators.month.officers import RefusedError
from simulators.month.pulse import Pulse
from simulators.month.road import Road, StandstillError
from simulators.month.stages import Stages


def main() -> int:
    """Walk the road; the last line of standard output is one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m simulators.month")
    parser.add_argument("--gateway", required=True, help="address of the gateway")
    parser.add_argument("--clients", required=True, type=Path, help="folder of the officers' keys")
    parser.add_argument("--population", required=True, type=Path, help="JSON Lines to register")
    asked = parser.parse_args()
    # Where colours are forced upon a log, it is still no terminal.
    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    stages = Stages(console)
    road = Road(asked.gateway, asked.clients, stages)
    started = time.monotonic()
    try:
        with stages, Pulse(asked.gateway) as pulse:
            road.walk(asked.population)
    except (RefusedError, StandstillError) as error:
        return _fail(str(error))
    except (httpx.TransportError, OSError) as error:
        return _fail(f"The road broke off: {type(error).__name__}: {error}")
    summary = {**road.counts, "seconds": stages.seconds}
    summary["healthz_ms"] = pulse.summary()
    summary["seconds"]["total"] = round(time.monotonic() - started, 3)
    console.print(_table(summary))
    sys.stdout.write(json.dumps(summary) + "\n")
    return 0


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


def _table(summary: dict[str, Any]) -> Table:
    table = Table(title="One month", title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    for name, value in summary.items():
        if name == "seconds":
            continue
        for label, count in _flat(name, value):
            table.add_row(label.replace("_", " "), f"{count:,}".replace(",", " "))
    for stage, seconds in summary["seconds"].items():
        table.add_row(f"seconds: {stage}", f"{seconds:.1f}")
    return table


def _flat(name: str, value: Any) -> list[tuple[str, int]]:  # noqa: ANN401 -- nested JSON
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in _flat(f"{name}: {key}", inner)]
    return [(name, int(value))]


if __name__ == "__main__":
    sys.exit(main())
