"""Given and family names of Morocco in Arabic script with their usual Latin spelling."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from simulators.population.chances import Weighted

# The n-th name of a list is borne 1 / (n + RANK_OFFSET): a few are very common, most are rare.
RANK_OFFSET = 9


class Name(NamedTuple):
    """One name in both scripts."""

    latin: str
    arabic: str


@cache
def names_in(listed: str) -> tuple[Name, ...]:
    """Return a list of names, the most common first.

    Args:
        listed: `given_female`, `given_male` or `family`.
    """
    text = files("simulators.population").joinpath("lists", f"{listed}.csv")
    with text.open(encoding="utf-8") as rows:
        return tuple(Name(row["latin"], row["arabic"]) for row in csv.DictReader(rows))


@cache
def bearers_of(listed: str) -> Weighted[Name]:
    """Return the names of a list, the common ones drawn more often."""
    names = names_in(listed)
    return Weighted(names, [1 / (rank + RANK_OFFSET) for rank in range(len(names))])
