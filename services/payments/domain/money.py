"""Amounts: whole centimes inside, decimal dirhams with two places on a bank's wire."""

import re
from typing import ClassVar

from shared.kernel.errors import DomainError, ErrorKind

CURRENCY = "MAD"
CENTIMES_MAX = 10**15
_DECIMAL = re.compile(r"(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)


class AmountMalformedError(DomainError):
    """A text is no amount of dirhams with at most two decimal places."""

    code: ClassVar[str] = "payments.amount-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def centimes_of(text: str) -> int:
    """Return the centimes that a decimal text of dirhams says, exactly.

    Raises:
        AmountMalformedError: It has a sign, an exponent, more than two decimal places, or more
            than 13 digits before the point.

    Example:
        >>> centimes_of("1350.5")
        135050
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        message = "An amount is digits with at most two decimal places."
        raise AmountMalformedError(message)
    dirhams, fraction = match.groups(default="")
    return int(dirhams) * 100 + int(fraction.ljust(2, "0"))


def decimal_text(centimes: int) -> str:
    """Return an amount of centimes as dirhams with exactly two decimal places.

    Raises:
        AmountMalformedError: It is negative or not below `CENTIMES_MAX`.

    Example:
        >>> decimal_text(135050)
        '1350.50'
    """
    if not 0 <= centimes < CENTIMES_MAX:
        message = "An amount lies between zero and thirteen digits of dirhams."
        raise AmountMalformedError(message)
    return f"{centimes // 100}.{centimes % 100:02d}"
