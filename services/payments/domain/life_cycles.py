"""The lawful steps of a cycle, an instruction, an attempt and a file, each as one table.

The database holds the same tables and refuses any other step, whoever writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """The states a thing may begin in, and the states that may follow each."""

    machine: str
    initial: frozenset[str]
    next: Mapping[str, frozenset[str]]

    def allows(self, before: str, after: str) -> bool:
        """Return whether one step leads from `before` to `after`."""
        return after in self.next.get(before, frozenset())

    def steps(self) -> frozenset[tuple[str, str]]:
        """Return every lawful step; a beginning steps from the empty state."""
        begun = {("", state) for state in self.initial}
        return frozenset(
            begun | {(state, after) for state, afters in self.next.items() for after in afters}
        )


def _table(machine: str, initial: str, **steps: str) -> LifeCycle:
    return LifeCycle(
        machine=machine,
        initial=frozenset(initial.split()),
        next=MappingProxyType(
            {state: frozenset(afters.split()) for state, afters in steps.items()}
        ),
    )


CYCLE = _table(
    "cycle",
    initial="PLANNED",
    PLANNED="FROZEN ABORTED",
    FROZEN="IN_APPROVAL ABORTED",
    IN_APPROVAL="APPROVED ABORTED",
    APPROVED="RELEASING ABORTED",
    RELEASING="RELEASED",
    RELEASED="RECONCILING",
    RECONCILING="CLOSED",
)

INSTRUCTION = _table(
    "instruction",
    initial="PLANNED HELD",
    PLANNED="HELD APPROVED CANCELLED",
    HELD="PLANNED CANCELLED",
    APPROVED="IN_FLIGHT CANCELLED",
    IN_FLIGHT="PAID ACTION_NEEDED",
    ACTION_NEEDED="IN_FLIGHT CARRIED_OVER CANCELLED LAPSED",
    PAID="ACTION_NEEDED",
)

ATTEMPT = _table(
    "attempt",
    initial="SEALED",
    SEALED="SUBMITTING CANCELLED",
    SUBMITTING="SUBMITTED UNKNOWN ACCEPTED SETTLED REJECTED",
    SUBMITTED="ACCEPTED SETTLED REJECTED",
    UNKNOWN="SUBMITTED ACCEPTED SETTLED REJECTED PROVEN_ABSENT",
    ACCEPTED="SETTLED REJECTED",
    SETTLED="RETURNED",
)

TRANSMISSION = _table(
    "transmission",
    initial="PREPARED",
    PREPARED="SENDING",
    SENDING="RECEIVED UNKNOWN REFUSED",
    UNKNOWN="RECEIVED REFUSED",
    REFUSED="RECEIVED",
)

LIFE_CYCLES = (CYCLE, INSTRUCTION, ATTEMPT, TRANSMISSION)

PROVEN_DEAD = frozenset({"REJECTED", "RETURNED", "CANCELLED", "PROVEN_ABSENT"})
"""Attempts that can no longer pay; only after one of these may another attempt be made."""

IN_TRANSIT = ("SUBMITTING", "SUBMITTED", "UNKNOWN", "ACCEPTED")
"""Attempts whose bytes may have reached a bank that has not said how it ended."""
