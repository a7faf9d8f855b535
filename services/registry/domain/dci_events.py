"""Events that partners of the DCI standard can subscribe to, and what of ours each one is."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from services.registry.domain.dci_contract import Register
from services.registry.domain.dci_record_types import RecordType, last_segment, record_type

NEWBORN_DAYS_MAX = 366
"""A child whom a file adds to a household counts as born if it is at most so many days old."""


class EventType(StrEnum):
    """Something that happened in a register; the values are the standard's codes."""

    REGISTER = "REGISTER"
    """A household was recorded: for the first time, or anew after a change."""
    NEW_MEMBER = "NewHouseHoldMember"
    """A person joined a household that was on file."""
    LIVE_BIRTH = "LiveBirth"
    DEATH = "Death"
    MARRIAGE = "Marriage"
    DIVORCE = "Divorce"

    @property
    def register(self) -> Register:
        """Return the register in which it happens."""
        return Register.SOCIAL if self in _SOCIAL else Register.CIVIL

    @property
    def on_the_wire(self) -> str:
        """Return the code as the documents of its register spell it."""
        return self.value if self in _SOCIAL else f"spdci-common:RegistryEventType:{self.value}"


_SOCIAL = frozenset({EventType.REGISTER, EventType.NEW_MEMBER})
OF_HOUSEHOLDS = frozenset({EventType.REGISTER, EventType.NEW_MEMBER, EventType.LIVE_BIRTH})
"""Events that concern whoever lives in the household, and not their subject alone."""

_BY_NAME: Mapping[str, EventType] = MappingProxyType(
    {event_type.casefold(): event_type for event_type in EventType}
    | {"birth": EventType.LIVE_BIRTH}
)


def event_type(register: Register, name: str) -> EventType | None:
    """Return the event that a name means in a register, plain or as the last part of a URI."""
    known = _BY_NAME.get(last_segment(name))
    return known if known is not None and known.register is register else None


def notified_type(event: EventType, name: str | None) -> RecordType | None:
    """Return what a notification's record is of; None if the name means nothing here.

    Without a name a new member is told as a Member, and a household as a Group.
    """
    if not name and event is EventType.NEW_MEMBER:
        return RecordType.MEMBER
    return record_type(event.register, name)
