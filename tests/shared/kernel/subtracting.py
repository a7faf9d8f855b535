"""A reader who adds and subtracts the sums that they are shown, as often as they like."""

from collections.abc import Collection, Hashable, Sequence
from fractions import Fraction

Row = dict[Hashable, Fraction]


class Reader:
    """Somebody who knows sums of numbers, and which numbers each of them adds up."""

    def __init__(self, sums: Sequence[Collection[Hashable]]) -> None:
        """Take the sums apart as far as they go: each row known leads with another number."""
        self._known: list[tuple[Hashable, Row]] = []
        for one in sums:
            row = self._less_what_is_known(one)
            if row:
                self._known.append((next(iter(row)), row))

    def tells(self, wanted: Collection[Hashable]) -> bool:
        """Return whether the sum of these numbers can be worked out."""
        return not self._less_what_is_known(wanted)

    def _less_what_is_known(self, numbers: Collection[Hashable]) -> Row:
        row = dict.fromkeys(numbers, Fraction(1))
        for lead, known in self._known:
            share = row.get(lead, Fraction(0)) / known[lead]
            if share:
                less = {
                    name: row.get(name, Fraction(0)) - share * part for name, part in known.items()
                }
                row = {name: part for name, part in (row | less).items() if part}
        return row
