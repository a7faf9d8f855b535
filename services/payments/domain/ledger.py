"""The books: which account each event of a payment debits, and which it credits."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Move:
    """A posting's two sides, by kind of account."""

    debit: str
    credit: str


EXPENSE = "expense"
PAYABLE = "payable"
IN_TRANSIT = "in_transit"
BANK = "bank"

FROZEN = "frozen"
SUBMITTED = "submitted"
REJECTED = "rejected"
SETTLED = "settled"
RETURNED = "returned"

MOVES: Mapping[str, Move] = MappingProxyType(
    {
        FROZEN: Move(debit=EXPENSE, credit=PAYABLE),
        SUBMITTED: Move(debit=PAYABLE, credit=IN_TRANSIT),
        REJECTED: Move(debit=IN_TRANSIT, credit=PAYABLE),
        SETTLED: Move(debit=IN_TRANSIT, credit=BANK),
        RETURNED: Move(debit=BANK, credit=PAYABLE),
    }
)
"""Events and their sides. An account's full name adds the programme and region (`expense`), the
programme (`payable`), the rail and institution (`in_transit`), or our account's label (`bank`)."""
