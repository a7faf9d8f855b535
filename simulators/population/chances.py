"""Chance that repeats itself: the same seed gives the same draws on every machine."""

from bisect import bisect
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

STREAM_BITS = 4


class Stream(IntEnum):
    """What a series of draws is for; one option never disturbs the draws of another."""

    NUMBERS = 1
    HOUSEHOLDS = 2
    DIRT = 3
    RAMED = 4
    LIFE = 5


def draws(seed: int, stream: Stream) -> Random:
    """Return the draws that a seed gives for one purpose."""
    return Random(seed << STREAM_BITS | stream)  # noqa: S311 - a population must be repeatable


class Weighted(Generic[T]):
    """Values to choose from, each with the share of draws that fall on it."""

    def __init__(self, values: Iterable[T], weights: Sequence[float]) -> None:
        self._values = list(values)
        total = sum(weights)
        # Rounding could leave the last bound under a draw near 1, so it is not kept.
        self._bounds = [bound / total for bound in accumulate(weights)][:-1]

    def at(self, draw: float) -> T:
        """Return the value on which a draw (0 inclusive to 1 exclusive) falls."""
        return self._values[bisect(self._bounds, draw)]
