from services.payments.domain.life_cycles import (
    ATTEMPT,
    CYCLE,
    INSTRUCTION,
    LIFE_CYCLES,
    PROVEN_DEAD,
    TRANSMISSION,
)


def test_nothing_is_sent_without_two_approvals_before_it() -> None:
    assert not CYCLE.allows("FROZEN", "APPROVED")
    assert not CYCLE.allows("IN_APPROVAL", "RELEASING")
    assert CYCLE.allows("IN_APPROVAL", "APPROVED")


def test_what_was_sent_is_never_cancelled() -> None:
    assert not INSTRUCTION.allows("IN_FLIGHT", "CANCELLED")
    assert not any(ATTEMPT.allows(state, "CANCELLED") for state in ("SUBMITTING", "UNKNOWN"))
    assert not CYCLE.allows("RELEASING", "ABORTED")


def test_a_proven_dead_attempt_stays_dead() -> None:
    assert not any(ATTEMPT.next.get(state) for state in PROVEN_DEAD)


def test_a_file_of_unknown_fate_is_not_prepared_again() -> None:
    assert not TRANSMISSION.allows("UNKNOWN", "PREPARED")
    assert not TRANSMISSION.allows("UNKNOWN", "SENDING")


def test_every_state_can_be_reached_from_a_beginning() -> None:
    for machine in LIFE_CYCLES:
        reached = set(machine.initial)
        for _ in machine.next:
            reached |= {after for state in reached for after in machine.next.get(state, ())}
        assert set(machine.next) <= reached
