"""Figures of regions: nobody works out a small one from those that are shown."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payments.domain.statistics import Figures, RegionFigures, shown
from tests.shared.kernel.subtracting import Reader

CELL_MIN = 5
REGIONS = ("01", "04", "06", "07")
PAID = ("settled", "rejected", "waited_for")
SUMS = {
    "entitlements": (*PAID, "held"),
    "instructions": PAID,
    "held": ("held",),
    "settled": ("settled",),
    "rejected": ("rejected",),
}
SMALL_OR_NOT = st.one_of(st.integers(0, 6), st.integers(0, 60))


def figures(
    region: str, *, settled: int, rejected: int, waited_for: int, held: int, programme: str = "asd"
) -> RegionFigures:
    """Return a first month, in which whoever is entitled is paid or held."""
    instructions = settled + rejected + waited_for
    return RegionFigures(
        region_code=region,
        programme=programme,
        entitlements=instructions + held,
        held=held,
        instructions=instructions,
        net_centimes=instructions * 50_000,
        settled=settled,
        settled_centimes=settled * 50_000,
        rejected=rejected,
    )


def seen(rows: Sequence[RegionFigures], *regions: str) -> Figures:
    return shown(rows, regions=regions or None, programmes=None, cell_min=CELL_MIN)


@settings(max_examples=60)
@given(st.lists(st.tuples(*[SMALL_OR_NOT] * 4), min_size=4, max_size=4))
def test_no_small_figure_can_be_worked_out_by_subtraction(
    numbers: list[tuple[int, int, int, int]],
) -> None:
    rows = [
        figures(region, settled=one[0], rejected=one[1], waited_for=one[2], held=one[3])
        for region, one in zip(REGIONS, numbers, strict=True)
    ]
    sums = [[(region, part) for region in REGIONS for part in parts] for parts in SUMS.values()]
    for region in REGIONS:
        own = seen(rows, region)
        sums += [
            [(region, part) for part in parts]
            for name, parts in SUMS.items()
            if getattr(own, name) is not None
        ]
    reader = Reader(sums)
    for row in rows:
        for name, parts in SUMS.items():
            if 0 < getattr(row, name) < CELL_MIN:
                assert not reader.tells([(row.region_code, part) for part in parts]), (row, name)


ROWS = (
    figures("01", settled=90, rejected=2, waited_for=0, held=9),
    figures("04", settled=80, rejected=9, waited_for=0, held=0),
    figures("06", settled=70, rejected=0, waited_for=0, held=30),
    figures("07", settled=300, rejected=20, waited_for=40, held=20),
)


def test_few_rejected_hide_the_settled_and_their_amount_but_not_what_was_ordered() -> None:
    assert seen(ROWS, "01") == Figures(
        entitlements=101,
        held=9,
        instructions=92,
        net_centimes=92 * 50_000,
        settled=None,
        settled_centimes=None,
        rejected=None,
    )


def test_a_zero_is_shown_and_so_is_the_whole_country() -> None:
    assert seen(ROWS, "04").held == 0
    country = seen(ROWS)
    assert (country.settled, country.rejected, country.held) == (540, 31, 59)


@pytest.mark.parametrize(("regions", "rejected"), [(("07",), 20), (("07", "01"), None)])
def test_a_sum_over_regions_is_shown_if_each_of_them_is(
    regions: tuple[str, ...], rejected: int | None
) -> None:
    assert seen(ROWS, *regions).rejected == rejected


def test_a_count_that_is_small_for_one_programme_is_hidden_from_callers_of_all() -> None:
    rows = [
        *(figures(one, settled=50, rejected=0, waited_for=0, held=0) for one in REGIONS),
        *(
            figures(one, settled=held, rejected=0, waited_for=0, held=0, programme="other")
            for one, held in zip(REGIONS, (3, 40, 30, 20), strict=True)
        ),
    ]
    own = shown(rows, regions=("01",), programmes=("asd",), cell_min=CELL_MIN)
    assert (own.instructions, seen(rows, "01").instructions) == (None, None)
    assert seen(rows, "04").instructions == 90


def test_without_any_payment_everything_is_zero() -> None:
    assert seen([]) == seen([], "01") == Figures(0, 0, 0, 0, 0, 0, 0)
