"""Cutting long work into batches of bounded size."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items, in order, without reading ahead."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
