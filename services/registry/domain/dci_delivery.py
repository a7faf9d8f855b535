"""What an answer to a callback means: delivered, refused for good, or to be tried again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.registry.domain.dci_contract import JsonValue
from services.registry.domain.dci_errors import AckCode

ATTEMPTS_MAX = 30
"""About a day, with the waits below."""
WAIT_SECONDS_FIRST = 5.0
WAIT_SECONDS_MAX = 3_600.0

_REDIRECTS = range(300, 400)
# A busy or badly set up partner gives other codes, and may be well again in an hour.
_FOR_GOOD = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422, 431})
_PASSING = frozenset({AckCode.TIMEOUT, AckCode.TOO_MANY, AckCode.UNAVAILABLE})
_SUCCESSES = range(200, 300)


class Verdict(StrEnum):
    """What to do with a callback after an attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    AGAIN = "due"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one attempt, and a word for what went wrong."""

    verdict: Verdict
    error: str | None = None


def delivery_of(status: int, answer: JsonValue) -> Delivery:
    """Return what the answer to a callback means.

    Args:
        status: The HTTP status.
        answer: The body read as JSON; None if it is none.
    """
    if status in _SUCCESSES:
        return _acknowledged(answer)
    if status in _FOR_GOOD or status in _REDIRECTS:
        # A redirect leads to a host that nobody agreed on.
        return Delivery(Verdict.REFUSED, f"http-{status}")
    return Delivery(Verdict.AGAIN, f"http-{status}")


def after(delivery: Delivery, attempts: int) -> Delivery:
    """Return the delivery, given up if it was tried often enough."""
    if delivery.verdict is Verdict.AGAIN and attempts >= ATTEMPTS_MAX:
        return Delivery(Verdict.GIVEN_UP, delivery.error)
    return delivery


def wait_seconds(attempts: int) -> float:
    """Return how long to wait after so many attempts: doubling up to an hour."""
    return min(WAIT_SECONDS_MAX, WAIT_SECONDS_FIRST * 2.0 ** min(attempts - 1, 20))


def _acknowledged(answer: JsonValue) -> Delivery:
    """Take a success as delivered unless the partner says that it is an error.

    ACK and NACK both say that a message was valid; they differ in whether more will follow.
    """
    message = answer.get("message") if isinstance(answer, Mapping) else None
    if not isinstance(message, Mapping) or message.get("ack_status") != "ERR":
        return Delivery(Verdict.DELIVERED)
    error = message.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    if code in _PASSING:
        return Delivery(Verdict.AGAIN, "ack-err-passing")
    return Delivery(Verdict.REFUSED, "ack-err")
