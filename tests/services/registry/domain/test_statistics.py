"""Hiding small counts: what is hidden cannot be worked out from what is shown."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.domain.census import EVERYWHERE, children_of, region_of, territories
from services.registry.domain.statistics import (
    LIVING,
    PEOPLE,
    Tree,
    hidden_in,
    hidden_standing,
    per_mille,
    standing_of,
    tree_of,
)
from shared.kernel.small_counts import Counts

CELL_MIN = 5
CHILDREN = {
    EVERYWHERE: ("a", "b", "c"),
    "a": ("a1", "a2", "a3"),
    "b": ("b1", "b2"),
    "c": ("c1",),
}
LEAVES = ("a1", "a2", "a3", "b1", "b2", "c1")
SMALL_OR_NOT = st.one_of(st.integers(0, 6), st.integers(0, 60))


def bounds(tree: Tree, hidden: frozenset[str], measure: int) -> Mapping[str, tuple[float, float]]:
    """Return what a reader who subtracts can know of every count; exact, since this is a tree."""
    known: dict[str, tuple[float, float]] = {
        code: (0, float("inf")) if code in hidden else (counts[measure], counts[measure])
        for code, counts in tree.counts.items()
    }
    for _ in range(10):
        for parent, children in tree.children.items():
            low = sum(known[child][0] for child in children)
            high = sum(known[child][1] for child in children)
            known[parent] = (max(known[parent][0], low), min(known[parent][1], high))
            for child in children:
                others = [known[other] for other in children if other != child]
                least = known[parent][0] - sum(each[1] for each in others)
                most = known[parent][1] - sum(each[0] for each in others)
                known[child] = (max(known[child][0], least), min(known[child][1], most))
    return known


@settings(max_examples=300)
@given(st.fixed_dictionaries({leaf: st.tuples(SMALL_OR_NOT, SMALL_OR_NOT) for leaf in LEAVES}))
def test_no_small_count_can_be_worked_out_by_subtraction(leaves: dict[str, Counts]) -> None:
    tree = tree_of(leaves, CHILDREN, measures=2)
    assert_nothing_small_is_known(tree, hidden_in(tree, cell_min=CELL_MIN))


def assert_nothing_small_is_known(tree: Tree, hidden: frozenset[str]) -> None:
    """Assert that small counts are hidden, and that subtraction does not bring them back."""
    for measure in range(2):
        whole = tree.counts[EVERYWHERE][measure]
        for code, (low, high) in bounds(tree, hidden, measure).items():
            count = tree.counts[code][measure]
            if code != EVERYWHERE and 0 < count < CELL_MIN:
                assert code in hidden
                assert low < high
                assert high >= min(CELL_MIN, whole)


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {leaf: st.tuples(SMALL_OR_NOT, SMALL_OR_NOT, SMALL_OR_NOT) for leaf in LEAVES}
    )
)
def test_nor_can_those_few_be_worked_out_who_live_in_no_household(
    leaves: dict[str, Counts],
) -> None:
    standing = tree_of(
        {
            code: standing_of(members + outside, min(households, members), members)
            for code, (members, households, outside) in leaves.items()
        },
        CHILDREN,
        measures=4,
    )
    hidden, members_hidden = hidden_standing(standing, cell_min=CELL_MIN)
    assert hidden <= members_hidden
    # Who is told every number of persons knows, with the members, who lives in no household.
    for places, unseen in ((PEOPLE, hidden), (LIVING, members_hidden)):
        judged = {code: counts[places] for code, counts in standing.counts.items()}
        assert_nothing_small_is_known(Tree(judged, CHILDREN), unseen)


def test_households_are_shown_where_few_live_in_none() -> None:
    everybody = dict.fromkeys(LEAVES, standing_of(50, 20, 50))
    standing = tree_of({**everybody, "a1": standing_of(50, 20, 48)}, CHILDREN, measures=4)
    hidden, members_hidden = hidden_standing(standing, cell_min=CELL_MIN)
    assert hidden == set()
    assert {"a", "a1"} < members_hidden


def test_a_hidden_region_is_not_given_away_by_its_provinces() -> None:
    leaves: dict[str, Counts] = {**dict.fromkeys(LEAVES, (50,)), "c1": (2,)}
    tree = tree_of(leaves, CHILDREN, measures=1)
    hidden = hidden_in(tree, cell_min=CELL_MIN)
    assert {"c", "c1", "b"} <= hidden
    assert hidden & {"b1", "b2"}
    assert not hidden & {"a", "a1", "a2", "a3"}


def test_a_commune_without_counts_is_counted_as_empty() -> None:
    tree = tree_of({"a1": (7, 2)}, CHILDREN, measures=2)
    assert tree.counts[EVERYWHERE] == tree.counts["a"] == (7, 2)
    assert tree.counts["b2"] == (0, 0)


def test_the_census_adds_up_from_communes_to_the_country() -> None:
    known = territories()
    for parent, children in children_of().items():
        if parent != EVERYWHERE:
            of_children = sum(known[child].census_persons for child in children)
            assert of_children == known[parent].census_persons
    country = sum(known[region].census_persons for region in children_of()[EVERYWHERE])
    assert country == 36_828_330


def test_every_commune_lies_in_a_province_and_a_region() -> None:
    assert len(children_of()[EVERYWHERE]) == 12
    assert region_of("04.421.01.0") == region_of("04.421") == region_of("04") == "04"


def test_a_coverage_is_rounded_down() -> None:
    assert per_mille(1_999, of=2_000) == 999
