"""Statistics that tell nothing about anybody: small counts are hidden, and what would reveal them.

A row whose counts include a small one is hidden whole. Where its parent and its siblings are
shown, subtraction would bring it back: so further rows are hidden until at least two are, and
what they hold together is not small either. Territories form a tree, in which that suffices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.registry.domain.census import EVERYWHERE

CELL_MIN = 5
HIDDEN_TOGETHER_MIN = 2

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """Counts of each territory, its own within them, and which territories lie within which."""

    counts: Mapping[str, Counts]
    children: Mapping[str, Sequence[str]]


def summed(rows: Iterable[Counts], *, measures: int) -> Counts:
    """Return the sums of each measure over some rows."""
    totals = [0] * measures
    for row in rows:
        for place, number in enumerate(row):
            totals[place] += number
    return tuple(totals)


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


def hidden_in(tree: Tree, *, cell_min: int) -> frozenset[str]:
    """Return the territories whose counts must not be shown; the whole is always shown.

    Args:
        tree: Counts and territories.
        cell_min: The smallest count that is shown; zero is shown too, since it is about nobody.
    """
    hidden: set[str] = set()
    waiting = [EVERYWHERE]
    while waiting:
        parent = waiting.pop()
        within = tree.children.get(parent, ())
        hidden |= hidden_among(
            {code: tree.counts[code] for code in within},
            parent_is_hidden=parent in hidden,
            cell_min=cell_min,
        )
        waiting.extend(within)
    return frozenset(hidden)


def hidden_among(
    siblings: Mapping[str, Counts], *, parent_is_hidden: bool = False, cell_min: int
) -> set[str]:
    """Return which of the rows that add up to a parent must not be shown.

    A hidden parent asks for hidden children too: those shown would otherwise add up to it.
    """
    hidden = {code for code, counts in siblings.items() if _has_small(counts, cell_min)}
    if not hidden and not parent_is_hidden:
        return hidden
    rest = sorted(
        (code for code in siblings if code not in hidden),
        key=lambda code: (not any(siblings[code]), sum(siblings[code]), code),
    )
    least = 1 if parent_is_hidden else HIDDEN_TOGETHER_MIN
    reachable = _sums(siblings.values())
    together = summed((siblings[code] for code in hidden), measures=len(reachable))
    for code in rest:
        is_enough = all(
            unseen >= min(cell_min, most) or (unseen == 0 and not parent_is_hidden)
            for unseen, most in zip(together, reachable, strict=True)
        )
        if len(hidden) >= least and (is_enough or not any(siblings[code])):
            break
        hidden.add(code)
        together = _sums((together, siblings[code]))
    return hidden


def total_reveals(siblings: Mapping[str, Counts], hidden: Iterable[str], *, cell_min: int) -> bool:
    """Return whether a total shown beside its rows would bring back a row that is hidden."""
    unseen = [siblings[code] for code in hidden if code in siblings]
    if not unseen:
        return False
    return len(unseen) < HIDDEN_TOGETHER_MIN or _has_small(_sums(unseen), cell_min)


def per_mille(number: int, *, of: int) -> int:
    """Return how many in a thousand, rounded down."""
    return number * 1000 // of


def _has_small(counts: Counts, cell_min: int) -> bool:
    return any(0 < number < cell_min for number in counts)


def _sums(rows: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(*rows, strict=True)))
