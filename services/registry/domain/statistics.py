"""Statistics by territory, in which small counts are hidden from the regions down.

Territories form a tree, in which hiding the siblings of one parent after the other suffices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.registry.domain.census import EVERYWHERE
from shared.kernel.small_counts import Counts, hidden_among, summed

PEOPLE = slice(0, 2)
"""Persons and households."""

LIVING = slice(2, 4)
"""Members of households, and persons who live in none; the latter are counted to be judged."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Counts of each territory, its own within them, and which territories lie within which."""

    counts: Mapping[str, Counts]
    children: Mapping[str, Sequence[str]]


def tree_of(
    leaves: Mapping[str, Counts], children: Mapping[str, Sequence[str]], *, measures: int
) -> Tree:
    """Return the counts of every territory, added up from those of the communes.

    Args:
        leaves: Counts by commune; one that is missing has none.
        children: The codes within each territory, from `EVERYWHERE` down.
        measures: How many counts each territory has.
    """
    counts: dict[str, Counts] = {}

    def count(code: str) -> Counts:
        within = children.get(code)
        if within is None:
            counts[code] = leaves.get(code, (0,) * measures)
        else:
            counts[code] = summed(map(count, within), measures=measures)
        return counts[code]

    count(EVERYWHERE)
    return Tree(counts, children)


def hidden_in(tree: Tree, *, cell_min: int, places: slice = slice(None)) -> frozenset[str]:
    """Return the territories whose counts must not be shown; the whole is always shown.

    Args:
        tree: Counts and territories.
        cell_min: The smallest count that is shown; zero is shown too, since it is about nobody.
        places: Which of the counts are judged.
    """
    hidden: set[str] = set()
    waiting = [EVERYWHERE]
    while waiting:
        parent = waiting.pop()
        within = tree.children.get(parent, ())
        hidden |= hidden_among(
            {code: tree.counts[code][places] for code in within},
            parent_is_hidden=parent in hidden,
            cell_min=cell_min,
        )
        waiting.extend(within)
    return frozenset(hidden)


def standing_of(persons: int, households: int, members: int) -> Counts:
    """Return what stands in a commune: `PEOPLE`, then `LIVING`."""
    return persons, households, members, max(persons - members, 0)


def hidden_standing(standing: Tree, *, cell_min: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return where no count must be shown, and where the members must not be.

    Persons less members are those who live in no household: where these are few, hiding the members
    is enough. What is hidden beside it only tells less.
    """
    hidden = hidden_in(standing, cell_min=cell_min, places=PEOPLE)
    return hidden, hidden | hidden_in(standing, cell_min=cell_min, places=LIVING)


def per_mille(number: int, *, of: int) -> int:
    """Return how many in a thousand, rounded down."""
    return number * 1000 // of
