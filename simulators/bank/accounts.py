"""Account numbers as Moroccan banks check them, and the accounts this bank cannot credit."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

RIB_DIGITS = 24
PER_MILLE = 1_000


@dataclass(frozen=True, slots=True)
class UncreditableShares:
    """How many accounts in a thousand exist no more, are blocked, and so on, by ISO reason code.

    Why by account and not by chance: a payment sent again to a closed account must fail again, and
    a run with the same accounts must end the same way.
    """

    per_mille: Mapping[str, int]

    def reason_for(self, rib: str) -> str | None:
        """Return the ISO reason why this account cannot be credited, or None."""
        draw = int.from_bytes(hashlib.sha256(rib.encode()).digest()[:8]) % PER_MILLE
        for reason, share in sorted(self.per_mille.items()):
            if draw < share:
                return reason
            draw -= share
        return None


def is_rib(account: str) -> bool:
    """Tell whether this is a RIB: bank 3, city 3, account 16, key 2; the whole is 0 modulo 97.

    Keys run from 01 to 97, so a key of 00 is wrong although it may divide.
    """
    if len(account) != RIB_DIGITS or not account.isascii() or not account.isdigit():
        return False
    return int(account) % 97 == 0 and account[-2:] != "00"


def rib_in_iban(iban: str) -> str | None:
    """Return the RIB inside a Moroccan IBAN with right check digits, or None."""
    if not (iban.startswith("MA") and iban[2:].isascii() and iban[2:].isdigit()):
        return None
    country_as_digits = "2210"  # M is 22 and A is 10
    if int(iban[4:] + country_as_digits + iban[2:4]) % 97 != 1:
        return None
    return iban[4:]
