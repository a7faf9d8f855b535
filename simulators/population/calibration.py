"""The figures of `calibration.toml`, ready to draw from."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from simulators.population.chances import Weighted

Table = Mapping[str, Any]


class Band(NamedTuple):
    """Ages from one to another, both inclusive."""

    lowest: int
    highest: int


@cache
def calibration() -> Table:
    """Return the figures as the file has them, by section."""
    text = files("simulators.population").joinpath("calibration.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def weighted(table: Mapping[str, float]) -> Weighted[str]:
    """Return the keys of a table, drawn by the weights beside them."""
    return Weighted(table, list(table.values()))


def weighted_numbers(table: Mapping[str, float]) -> Weighted[int]:
    """Return the whole numbers that are the keys of a table, drawn by their weights."""
    return Weighted(map(int, table), list(table.values()))


def bands(rows: list[tuple[int, int, float]]) -> Weighted[Band]:
    """Return age bands, drawn by the third number of their row."""
    return Weighted(
        [Band(lowest, highest) for lowest, highest, _ in rows], [row[2] for row in rows]
    )
