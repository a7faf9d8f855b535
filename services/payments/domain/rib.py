"""The RIB: Morocco's 24-digit account number, its parts and its key."""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

RIB_DIGITS = 24
_RIB = re.compile(r"\d{24}", re.ASCII)


class RibMalformedError(DomainError):
    """An account number is not 24 digits."""

    code: ClassVar[str] = "payments.rib-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class RibKeyWrongError(DomainError):
    """The last two digits of an account number do not fit the others."""

    code: ClassVar[str] = "payments.rib-key-wrong"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class Rib:
    """An account number whose key is right; it says nothing about who owns the account.

    Parts: 3 digits bank, 3 digits city, 16 digits account, 2 digits key.
    """

    number: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a number that cannot be an account.

        Raises:
            RibMalformedError: It is not 24 ASCII digits.
            RibKeyWrongError: Its key is wrong.
        """
        if _RIB.fullmatch(self.number) is None:
            message = "An account number has 24 digits and nothing else."
            raise RibMalformedError(message)
        if self.number[-2:] != rib_key(self.number[:-2]):
            message = "The key of the account number does not fit its other digits."
            raise RibKeyWrongError(message)

    @property
    def bank_code(self) -> str:
        """Return the three digits that name the bank or payment institution."""
        return self.number[:3]


def rib_key(first_digits: str) -> str:
    """Return the two-digit key of the first 22 digits, between "01" and "97".

    The whole number of 24 digits is then a multiple of 97, which catches every wrong digit and
    every swap of neighbours.

    Source:
        Bank Al-Maghrib's structure of the RIB; checked on the IBAN registry's own example.
    """
    return f"{97 - int(first_digits) * 100 % 97:02d}"
