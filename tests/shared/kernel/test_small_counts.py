"""Hiding small counts: what is hidden cannot be worked out from what is shown beside it."""

import pytest

from shared.kernel.small_counts import hidden_among, total_reveals

CELL_MIN = 5


def test_a_single_small_row_takes_the_smallest_of_its_siblings_with_it() -> None:
    assert hidden_among({"a": (3,), "b": (90,), "c": (40,)}, cell_min=CELL_MIN) == {"a", "c"}


def test_rows_that_are_small_together_take_another_with_them() -> None:
    siblings = {"a": (1,), "b": (1,), "c": (0,), "d": (7,), "e": (90,)}
    assert hidden_among(siblings, cell_min=CELL_MIN) == {"a", "b", "d"}


def test_a_count_of_nobody_is_shown() -> None:
    assert hidden_among({"a": (0,), "b": (90,)}, cell_min=CELL_MIN) == set()


def test_one_small_count_hides_the_whole_row() -> None:
    assert "a" in hidden_among({"a": (90, 2), "b": (90, 9), "c": (90, 9)}, cell_min=CELL_MIN)


@pytest.mark.parametrize(
    ("hidden", "reveals"),
    [(set(), False), ({"a"}, True), ({"a", "b"}, True), ({"a", "b", "c"}, False)],
)
def test_the_total_of_some_regions_is_shown_if_it_gives_none_of_them_away(
    hidden: set[str], *, reveals: bool
) -> None:
    regions = {"a": (1,), "b": (2,), "c": (9,), "d": (70,)}
    assert total_reveals(regions, hidden, cell_min=CELL_MIN) is reveals
