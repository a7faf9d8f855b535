"""A message's life: its stages, its states and their ranks, and how parts and receipts decide.

Receipts come in any order, twice, or before the answer to their submission. A part keeps the
highest state it was ever told, and a message's state is a function of its parts: so every order
ends in the same state.
"""

from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class Stage(StrEnum):
    """What a household is told once per business event."""

    ASSESSMENT = "assessment"
    DECISION = "decision"
    PAYMENT = "payment"


class MessageState(StrEnum):
    """Where a message is between its cause and the handset."""

    AWAITING_CONTACT = "AWAITING_CONTACT"
    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    SUBMIT_UNKNOWN = "SUBMIT_UNKNOWN"
    SUBMITTED = "SUBMITTED"
    RECEIPT_TIMEOUT = "RECEIPT_TIMEOUT"
    SUPPRESSED = "SUPPRESSED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    UNDELIVERED = "UNDELIVERED"
    DELIVERED = "DELIVERED"

    @property
    def rank(self) -> int:
        """Return the rank, which never decreases in a message's life.

        Queued, submitting and unknown share one: nobody has confirmed the message yet, and an
        explicit "not now" of the SMS centre puts it back into the queue.
        """
        return _MESSAGE_RANKS[self]

    @property
    def outcome(self) -> str | None:
        """Return what other services are told of a settled message, None while it is open."""
        if self is MessageState.DELIVERED:
            return "delivered"
        return "undeliverable" if self in UNDELIVERABLE else None


class PartState(StrEnum):
    """What the SMS centre last said of one part, from accepting it to the handset's answer."""

    SUBMITTED = "SUBMITTED"
    ENROUTE = "ENROUTE"
    EXPIRED = "EXPIRED"
    UNDELIVERED = "UNDELIVERED"
    REJECTED = "REJECTED"
    DELIVERED = "DELIVERED"

    @property
    def rank(self) -> int:
        """Return the rank; of two contradicting receipts the higher one is believed.

        A delivery outranks every failure: a handset cannot unread a text.
        """
        return _PART_RANKS[self]

    @property
    def is_final(self) -> bool:
        """Say whether the SMS centre has nothing more to tell."""
        return self.rank >= PartState.EXPIRED.rank


_MESSAGE_RANKS = MappingProxyType(
    {
        MessageState.AWAITING_CONTACT: 0,
        MessageState.QUEUED: 1,
        MessageState.SUBMITTING: 1,
        MessageState.SUBMIT_UNKNOWN: 1,
        MessageState.SUBMITTED: 2,
        MessageState.RECEIPT_TIMEOUT: 3,
        MessageState.SUPPRESSED: 4,
        MessageState.EXPIRED: 5,
        MessageState.UNDELIVERED: 6,
        MessageState.REJECTED: 7,
        MessageState.DELIVERED: 8,
    }
)

_PART_RANKS = MappingProxyType({state: rank for rank, state in enumerate(PartState)})

UNSENT = frozenset({MessageState.AWAITING_CONTACT, MessageState.QUEUED})
"""States in which nothing has left the building, so that the message can still be withdrawn."""

UNDELIVERABLE = frozenset(
    {
        MessageState.RECEIPT_TIMEOUT,
        MessageState.SUPPRESSED,
        MessageState.EXPIRED,
        MessageState.REJECTED,
        MessageState.UNDELIVERED,
    }
)

LAWFUL_NEXT = MappingProxyType(
    {
        MessageState.AWAITING_CONTACT: {
            MessageState.QUEUED,
            MessageState.SUPPRESSED,
            MessageState.EXPIRED,
        },
        MessageState.QUEUED: {
            MessageState.SUBMITTING,
            MessageState.SUPPRESSED,
            MessageState.EXPIRED,
        },
        MessageState.SUBMITTING: {
            MessageState.QUEUED,
            MessageState.SUBMIT_UNKNOWN,
            MessageState.SUBMITTED,
            MessageState.EXPIRED,
            MessageState.UNDELIVERED,
            MessageState.REJECTED,
            MessageState.DELIVERED,
        },
        MessageState.SUBMIT_UNKNOWN: {
            MessageState.SUBMITTING,
            MessageState.SUBMITTED,
            MessageState.RECEIPT_TIMEOUT,
            MessageState.EXPIRED,
            MessageState.UNDELIVERED,
            MessageState.REJECTED,
            MessageState.DELIVERED,
        },
        MessageState.SUBMITTED: {
            MessageState.RECEIPT_TIMEOUT,
            MessageState.EXPIRED,
            MessageState.UNDELIVERED,
            MessageState.REJECTED,
            MessageState.DELIVERED,
        },
        MessageState.RECEIPT_TIMEOUT: {
            MessageState.EXPIRED,
            MessageState.UNDELIVERED,
            MessageState.REJECTED,
            MessageState.DELIVERED,
        },
        MessageState.SUPPRESSED: set[MessageState](),
        MessageState.EXPIRED: {
            MessageState.UNDELIVERED,
            MessageState.REJECTED,
            MessageState.DELIVERED,
        },
        MessageState.UNDELIVERED: {MessageState.REJECTED, MessageState.DELIVERED},
        MessageState.REJECTED: {MessageState.DELIVERED},
        MessageState.DELIVERED: set[MessageState](),
    }
)


def dedupe_key(stage: Stage, *, household_id: UUID, event: str) -> str:
    """Return the key under which a household is told of a business event once, for ever."""
    return f"{stage}:{household_id}:{event}"


def message_state(least: PartState) -> MessageState:
    """Return the state of a message whose every part is answered, `least` having got least far.

    So a message is delivered when all its parts are, and a part that rises can only raise its
    message: no order of receipts lowers a rank. A message of which a part was never accepted
    stays where it is.
    """
    return MessageState(least.value) if least.is_final else MessageState.SUBMITTED


def lawful_sources(target: MessageState) -> list[str]:
    """Return the states from which a message may become `target`."""
    return [state.value for state, following in LAWFUL_NEXT.items() if target in following]
