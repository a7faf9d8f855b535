"""How benchmarks report: a table for people, and one JSON object as the last line."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STEAL = 7
"""Where a line of /proc/stat has the time that the host gave to others."""


@dataclass(frozen=True)
class Figure:
    """One measured figure, beside what the machine itself allowed in the same run."""

    name: str
    value: float
    limit: float
    limit_is: str

    @property
    def ratio(self) -> float:
        """Return the value as a part of the limit."""
        return self.value / self.limit if self.limit else 0.0


def _ticks() -> tuple[int, int]:
    """Return how long all processors have run, and how much of it the host gave to others."""
    try:
        first = Path("/proc/stat").read_text().partition("\n")[0]
    except OSError:
        return 0, 0
    ticks = [int(word) for word in first.split()[1:]]
    return sum(ticks), ticks[_STEAL]


# Areas are imported before they measure.
_BEGAN = _ticks()


def _print_stolen() -> None:
    (all_before, stolen_before), (all_now, stolen_now) = _BEGAN, _ticks()
    if all_now > all_before:
        share = (stolen_now - stolen_before) / (all_now - all_before)
        sys.stdout.write(f"The host gave {share:.1%} of these processors to others meanwhile.\n")


def report(area: str, figures: list[Figure]) -> dict[str, Any]:
    """Print the figures of an area and return them as JSON holds them."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        sys.stdout.write(
            f"{figure.name:<{width}}  {figure.value:>14,.2f}  of {figure.limit:>14,.2f}"
            f"  = {figure.ratio:>8.4f}   ({figure.limit_is})\n"
        )
    _print_stolen()
    results = {
        figure.name: {
            "value": round(figure.value, 3),
            "limit": round(figure.limit, 3),
            "ratio": round(figure.ratio, 5),
        }
        for figure in figures
    }
    document = {"area": area, "results": results}
    sys.stdout.write(json.dumps(document) + "\n")
    return document
