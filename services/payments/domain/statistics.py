"""Figures over all payments: which of them callers of single regions are not shown.

Figures are hidden by groups, since each of a group would give another away beside the rest: who is
entitled is paid or held, and who is paid was settled, rejected or is waited for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from shared.kernel.small_counts import Counts, hidden_among, summed, total_shown


@dataclass(frozen=True, slots=True)
class RegionFigures:
    """Counts, and sums in centimes, of one programme in one region over all cycles.

    `instructions` are those not held; some of them are neither settled nor rejected yet.
    """

    region_code: str
    programme: str
    entitlements: int
    held: int
    instructions: int
    net_centimes: int
    settled: int
    settled_centimes: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a caller is shown; None stands for what is hidden."""

    entitlements: int | None
    held: int | None
    instructions: int | None
    net_centimes: int | None
    settled: int | None
    settled_centimes: int | None
    rejected: int | None


Group = Callable[[RegionFigures], Counts]


def shown(
    rows: Sequence[RegionFigures],
    *,
    regions: Collection[str] | None,
    programmes: Collection[str] | None,
    cell_min: int,
) -> Figures:
    """Return the figures of some regions and programmes; None for all of them.

    Those of the whole country are never hidden.

    Args:
        rows: Every region and programme of the country.
        regions: The caller's, or None.
        programmes: The caller's, or None.
        cell_min: The smallest count of a region that is shown; zero is shown, too.
    """
    own = [row for row in rows if programmes is None or row.programme in programmes]

    def total(group: Group, *, measures: int, hidden: set[str]) -> Counts | None:
        by_region: dict[str, Counts] = {}
        for row in own:
            so_far = by_region.get(row.region_code, (0,) * measures)
            by_region[row.region_code] = summed((so_far, group(row)), measures=measures)
        return total_shown(by_region, regions, hidden=hidden, measures=measures)

    unpaid = _hidden(rows, _paid, cell_min=cell_min)
    unanswered = unpaid | _hidden(rows, _answered, cell_min=cell_min)
    unclaimed = unpaid | _hidden(rows, _claimed, cell_min=cell_min)
    entitlements, held = total(_claimed, measures=2, hidden=unclaimed) or (None, None)
    instructions, net_centimes = total(_paid, measures=2, hidden=unpaid) or (None, None)
    settled, settled_centimes, rejected, _ = (
        total(_answered, measures=4, hidden=unanswered) or (None,) * 4
    )
    return Figures(
        entitlements=entitlements,
        held=held,
        instructions=instructions,
        net_centimes=net_centimes,
        settled=settled,
        settled_centimes=settled_centimes,
        rejected=rejected,
    )


def _claimed(row: RegionFigures) -> Counts:
    return row.entitlements, row.held


def _paid(row: RegionFigures) -> Counts:
    return row.instructions, row.net_centimes


def _answered(row: RegionFigures) -> Counts:
    waited_for = row.instructions - row.settled - row.rejected
    return row.settled, row.settled_centimes, row.rejected, waited_for


def _hidden(rows: Sequence[RegionFigures], group: Group, *, cell_min: int) -> set[str]:
    """Return the regions in which a group is small for any programme, and what would reveal them.

    By programme, so that callers of different programmes cannot subtract what they are shown.
    """
    counted = {(row.region_code, row.programme): group(row) for row in rows}
    programmes = sorted({row.programme for row in rows})
    nothing = (0,) * len(next(iter(counted.values()), ()))
    siblings = {
        row.region_code: tuple(
            number
            for programme in programmes
            for number in counted.get((row.region_code, programme), nothing)
        )
        for row in rows
    }
    return hidden_among(siblings, cell_min=cell_min)
