from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.domain.signing_keys import (
    LAWFUL_NEXT,
    KeyStanding,
    KeyState,
    Rotation,
    RotationPolicy,
    rotation_due,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RotationPolicy(
    life=timedelta(days=90), lead=timedelta(hours=1), overlap=timedelta(hours=2)
)


def standing(kid: str, state: KeyState, days: float = 0) -> KeyStanding:
    return KeyStanding(kid, state, since=START + timedelta(days=days))


def due(*keys: KeyStanding, days: float) -> Rotation:
    return rotation_due(keys, policy=POLICY, now=START + timedelta(days=days))


def test_the_first_key_signs_at_once() -> None:
    assert due(days=0) == Rotation(create=KeyState.ACTIVE)


def test_nothing_is_due_in_the_middle_of_a_life() -> None:
    assert due(standing("a", KeyState.ACTIVE), days=45) == Rotation()


def test_the_next_key_is_published_an_hour_before_it_is_needed() -> None:
    active = standing("a", KeyState.ACTIVE)
    assert due(active, days=90 - 2 / 24) == Rotation()
    assert due(active, days=90 - 1 / 24) == Rotation(create=KeyState.NEXT)


@pytest.mark.parametrize("published", [89.99, 120])
def test_a_key_never_signs_before_it_was_published_long_enough(published: float) -> None:
    keys = (standing("a", KeyState.ACTIVE), standing("b", KeyState.NEXT, days=published))
    assert due(*keys, days=max(90, published)) == Rotation()
    later = max(90, published + 1 / 24)
    assert due(*keys, days=later) == Rotation(promote="b", retire="a")


def test_a_retired_key_is_forgotten_after_the_last_token_it_signed() -> None:
    keys = (standing("b", KeyState.ACTIVE, days=90), standing("a", KeyState.RETIRING, days=90))
    assert due(*keys, days=90 + 1 / 24) == Rotation()
    assert due(*keys, days=90 + 2 / 24) == Rotation(forget=("a",))


def test_without_an_active_key_the_next_one_takes_its_place() -> None:
    assert due(standing("b", KeyState.NEXT), days=0) == Rotation(promote="b")


def test_a_key_moves_forward_only() -> None:
    assert LAWFUL_NEXT[KeyState.NEXT] == {KeyState.ACTIVE}
    assert LAWFUL_NEXT[KeyState.ACTIVE] == {KeyState.RETIRING}
    assert not LAWFUL_NEXT[KeyState.RETIRING]
