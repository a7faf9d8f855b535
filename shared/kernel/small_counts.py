"""Counts that tell nothing about anybody: small ones are hidden, and what would reveal them.

A row whose counts include a small one is hidden whole. Where its total and its siblings are shown,
subtraction would bring it back: so further rows are hidden until at least two are, and what they
hold together is not small either.
"""

from collections.abc import Collection, Iterable, Mapping

CELL_MIN = 5
HIDDEN_TOGETHER_MIN = 2

Counts = tuple[int, ...]


def summed(rows: Iterable[Counts], *, measures: int) -> Counts:
    """Return the sums of each measure over some rows."""
    totals = [0] * measures
    for row in rows:
        for place, number in enumerate(row):
            totals[place] += number
    return tuple(totals)


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


def total_shown(
    rows: Mapping[str, Counts],
    wanted: Collection[str] | None,
    *,
    hidden: Collection[str],
    measures: int,
) -> Counts | None:
    """Return the sums of the wanted rows, None if one of them is hidden.

    Stricter than `total_reveals`: only sums of rows that are each shown tell nothing to callers
    who ask for different rows and compare what they were told.

    Args:
        rows: All rows; one that is missing has no counts.
        wanted: Which rows; None for all of them, whose sum is always shown.
        hidden: Those that must not be shown.
        measures: How many counts each row has.
    """
    if wanted is None:
        return summed(rows.values(), measures=measures)
    if any(name in hidden for name in wanted):
        return None
    return summed((rows[name] for name in wanted if name in rows), measures=measures)


def _has_small(counts: Counts, cell_min: int) -> bool:
    return any(0 < number < cell_min for number in counts)


def _sums(rows: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(*rows, strict=True)))
