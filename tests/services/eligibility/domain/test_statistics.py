"""Counts of regions: nobody works out a small one from those that are shown."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.eligibility.domain.statistics import Counted, OutcomeKind, shown
from tests.shared.kernel.subtracting import Reader

CELL_MIN = 5
REGIONS = ("01", "04", "06", "07")
KINDS = (
    OutcomeKind("asd", "decision", "eligible"),
    OutcomeKind("asd", "decision", "refused"),
    OutcomeKind("asd", "prospect", "eligible"),
)
NO_INDEX = "no index"
SMALL_OR_NOT = st.one_of(st.integers(0, 6), st.integers(0, 60))


@settings(max_examples=60)
@given(st.lists(st.tuples(*[SMALL_OR_NOT] * 4), min_size=4, max_size=4))
def test_no_small_count_can_be_worked_out_by_subtraction(
    numbers: list[tuple[int, int, int, int]],
) -> None:
    of_region = dict(zip(REGIONS, numbers, strict=True))
    counted = Counted(
        {region: (sum(of_region[region]), sum(of_region[region][:3])) for region in REGIONS},
        {
            kind: {region: (of_region[region][place], 0) for region in REGIONS}
            for place, kind in enumerate(KINDS)
        },
    )
    sums = [[(region, part) for region in REGIONS] for part in (*KINDS, NO_INDEX)]
    for region in REGIONS:
        own = shown(counted, (region,), cell_min=CELL_MIN)
        if own.households is not None:
            sums += [[(region, kind) for kind in KINDS], [(region, NO_INDEX)]]
        sums += [[(region, one.kind)] for one in own.outcomes if one.households is not None]
    reader = Reader(sums)
    for region, counts in of_region.items():
        for part, count in zip((*KINDS, NO_INDEX), counts, strict=True):
            if 0 < count < CELL_MIN:
                assert not reader.tells([(region, part)]), (region, part)
        if 0 < sum(counts) < CELL_MIN:
            assert not reader.tells([(region, part) for part in (*KINDS, NO_INDEX)])
