"""Shuffled numbers without a memory: unique by construction, whatever the count."""

from array import array
from random import Random


class KeyedPermutation:
    """A one-to-one map of 0 .. rows * columns - 1 onto itself, fixed by its key.

    Why: 22 million identifiers must be unique and look random, and a set of those given out
    would not fit in memory. This is a Feistel network over a rectangle: each step shifts the
    row by an amount that depends on the column alone, or the reverse, so it can be undone.
    Neither side may exceed 65,536.
    """

    def __init__(self, rows: int, columns: int, *, key: Random) -> None:
        self.size = rows * columns
        self._rows = rows
        self._columns = columns
        # Two bytes a shift, so that the tables stay in the processor's cache.
        self._first = array("H", key.choices(range(rows), k=columns))
        self._second = array("H", key.choices(range(columns), k=rows))
        self._third = array("H", key.choices(range(rows), k=columns))
        self._fourth = array("H", key.choices(range(columns), k=rows))

    def at(self, index: int) -> int:
        """Return the number that stands at a place.

        Args:
            index: From 0 inclusive to `size` exclusive.
        """
        rows, columns = self._rows, self._columns
        row, column = divmod(index, columns)
        row = (row + self._first[column]) % rows
        column = (column + self._second[row]) % columns
        row = (row + self._third[column]) % rows
        return row * columns + (column + self._fourth[row]) % columns
