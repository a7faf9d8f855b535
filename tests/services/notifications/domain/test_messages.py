"""States only rise, and no order of receipts changes where they end."""

from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.messages import (
    LAWFUL_NEXT,
    UNDELIVERABLE,
    MessageState,
    PartState,
    Stage,
    dedupe_key,
    lawful_sources,
    message_state,
)
from shared.runtime.ids import new_id

receipts = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(PartState)), min_size=1, max_size=5
)


def least(parts: Iterable[PartState]) -> PartState:
    return min(parts, key=lambda part: part.rank)


def after(told: list[tuple[int, PartState]]) -> list[MessageState]:
    """Return the message's state after each receipt, as storage applies them."""
    parts = dict.fromkeys(range(3), PartState.SUBMITTED)
    states = []
    for number, state in told:
        parts[number] = max(parts[number], state, key=lambda part: part.rank)
        states.append(message_state(least(parts.values())))
    return states


@given(receipts)
def test_any_order_and_any_repetition_of_receipts_ends_in_the_same_state(
    told: list[tuple[int, PartState]],
) -> None:
    ends = {after([*order, *order[:2]])[-1] for order in permutations(told)}
    assert len(ends) == 1


@given(receipts)
def test_the_rank_of_a_message_never_decreases(told: list[tuple[int, PartState]]) -> None:
    ranks = [state.rank for state in after(told)]
    assert ranks == sorted(ranks)


def test_every_lawful_step_keeps_or_raises_the_rank() -> None:
    for state, following in LAWFUL_NEXT.items():
        assert all(target.rank >= state.rank for target in following)


def test_every_state_stands_in_the_table_of_steps() -> None:
    assert set(LAWFUL_NEXT) == set(MessageState)


def test_a_delivered_or_suppressed_message_goes_nowhere() -> None:
    assert not LAWFUL_NEXT[MessageState.DELIVERED]
    assert not LAWFUL_NEXT[MessageState.SUPPRESSED]


def test_a_message_that_may_have_left_is_never_suppressed() -> None:
    assert lawful_sources(MessageState.SUPPRESSED) == ["AWAITING_CONTACT", "QUEUED"]


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ([PartState.DELIVERED, PartState.SUBMITTED], MessageState.SUBMITTED),
        ([PartState.REJECTED, PartState.ENROUTE], MessageState.SUBMITTED),
        ([PartState.DELIVERED, PartState.DELIVERED], MessageState.DELIVERED),
        ([PartState.DELIVERED, PartState.UNDELIVERED], MessageState.UNDELIVERED),
        ([PartState.EXPIRED, PartState.REJECTED], MessageState.EXPIRED),
    ],
)
def test_the_part_that_got_least_far_decides(parts: list[PartState], state: MessageState) -> None:
    assert message_state(least(parts)) is state


def test_only_delivery_proves_notice() -> None:
    assert MessageState.DELIVERED.outcome == "delivered"
    assert {state for state in MessageState if state.outcome == "undeliverable"} == UNDELIVERABLE
    assert MessageState.SUBMITTED.outcome is None


def test_a_dedupe_key_is_stage_household_and_event() -> None:
    household_id = new_id()
    key = dedupe_key(Stage.PAYMENT, household_id=household_id, event="e1")
    assert key == f"payment:{household_id}:e1"
