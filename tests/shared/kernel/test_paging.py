"""Cursors come back as they were given, and nothing else is taken for one."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.batches import batched
from shared.kernel.paging import MalformedCursorError, decode_cursor, encode_cursor


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_cursor_comes_back_as_it_was_given(values: list[str]) -> None:
    assert decode_cursor(encode_cursor(*values), parts=len(values)) == tuple(values)


@given(st.text(max_size=40))
def test_no_other_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(MalformedCursorError):
        assert len(decode_cursor(text, parts=2)) == 2


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(MalformedCursorError):
        decode_cursor(encode_cursor("one"), parts=2)


def test_a_cursor_of_any_depth_is_refused() -> None:
    """How deep is too deep, depends on the stack: every depth about there is tried."""
    for depth in (500, *range(800, 1_001), 3_000):
        cursor = base64.urlsafe_b64encode(b"[" * depth + b"]" * depth).decode()
        with pytest.raises(MalformedCursorError):
            decode_cursor(cursor, parts=1)


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=7))
def test_batches_hold_everything_in_order_and_no_more_than_their_size(
    items: list[int], size: int
) -> None:
    batches = list(batched(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(1 <= len(batch) <= size for batch in batches)
