"""How benchmarks report: a table for people, and one JSON object as the last line."""

import json
import sys
from dataclasses import dataclass
from typing import Any


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


def report(area: str, figures: list[Figure]) -> dict[str, Any]:
    """Print the figures of an area and return them as JSON holds them."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        sys.stdout.write(
            f"{figure.name:<{width}}  {figure.value:>14,.2f}  of {figure.limit:>14,.2f}"
            f"  = {figure.ratio:>8.4f}   ({figure.limit_is})\n"
        )
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
