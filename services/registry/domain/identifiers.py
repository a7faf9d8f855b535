"""When an identifier is well formed: IDCS, CNIE, residence permit, RIB and mobile numbers."""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from itertools import cycle

_IDCS = re.compile(r"[2-9][0-9]{9}")
_CNIE = re.compile(r"[A-Z]{1,2}[1-9][0-9]{0,6}")
# No published text fixes the form; permits in circulation carry one or two letters and digits.
_RESIDENCE_PERMIT = re.compile(r"[A-Z]{1,2}[0-9]{5,8}[A-Z]?")
_RIB = re.compile(r"[0-9]{24}")
_MOBILE = re.compile(r"(?:\+212|00212|0)([67][0-9]{8})")
_CNIE_CHARACTERS_MAX = 8
_RIB_MODULUS = 97

_PERIOD = 8


def _product(left: int, right: int) -> int:
    """Multiply in the dihedral group of order ten: 0 to 4 turn, 5 to 9 turn and reflect."""
    turned = (left + right if left < 5 else left - right) % 5  # noqa: PLR2004 -- the group's half
    return turned + 5 * ((left < 5) != (right < 5))  # noqa: PLR2004


def _steps() -> list[dict[str, tuple[int, ...]]]:
    """Return what each digit makes of each state, by position from the right; they repeat."""
    permuted = list(range(10))
    steps = []
    for _ in range(_PERIOD):
        steps.append(
            {
                str(digit): tuple(_product(state, permuted[digit]) for state in range(10))
                for digit in range(10)
            }
        )
        permuted = [(1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit] for digit in permuted]
    return steps


def _strides() -> tuple[dict[str, tuple[int, ...]], ...]:
    """Return what one digit, or two from the right, make of each state: half as many lookups."""
    steps = _steps()
    strides = []
    for first, second in zip(steps[::2], steps[1::2], strict=True):
        pairs = {
            right + left: tuple(then[state] for state in once)
            for right, once in first.items()
            for left, then in second.items()
        }
        strides.append(first | pairs)
    return tuple(strides)


_VERHOEFF_STRIDES = _strides()
_UNDOING = tuple(
    str(next(digit for digit in range(10) if _product(digit, state) == 0)) for state in range(10)
)
_LUHN_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


class CheckDigit(StrEnum):
    """How the last digit of an IDCS guards the others.

    No published text names the algorithm; the RNP is built on MOSIP, whose default is Verhoeff.
    """

    VERHOEFF = "verhoeff"
    LUHN = "luhn"

    def holds(self, digits: str) -> bool:
        """Return whether the last of these digits fits the digits before it."""
        if self is CheckDigit.VERHOEFF:
            return _verhoeff_holds(digits)
        return _luhn_holds(digits)


def _verhoeff_holds(digits: str) -> bool:
    return _verhoeff_state(digits) == 0


def _verhoeff_state(digits: str) -> int:
    state, backwards = 0, digits[::-1]
    starts = range(0, len(digits), 2)
    for stride, start in zip(cycle(_VERHOEFF_STRIDES), starts, strict=False):
        state = stride[backwards[start : start + 2]][state]
    return state


def verhoeff_digit(stem: str) -> str:
    """Return the digit that, put last, guards the digits before it."""
    # Zero leaves the state alone, so this is the state of the stem; the digit must undo it.
    return _UNDOING[_verhoeff_state(stem + "0")]


def _luhn_holds(digits: str) -> bool:
    plain = sum(int(digit) for digit in digits[-1::-2])
    doubled = sum(_LUHN_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return (plain + doubled) % 10 == 0


_IDCS_DIGITS = 10


@cache
def idcs_holds(algorithm: CheckDigit) -> Callable[[str], bool]:
    """Return a check of both an IDCS's shape and its last digit, four table look-ups long.

    Both algorithms compose digits associatively, so the ten digits may be taken as three groups
    whose values are known beforehand. What the tables do not know is no IDCS.
    """
    compose = _product if algorithm is CheckDigit.VERHOEFF else _sum
    single = _single_values(algorithm)
    last = _groups(single[0:3], compose)
    middle = _groups(single[3:6], compose)
    first = {text: value for text, value in _groups(single[6:10], compose).items() if text >= "2"}
    composed = [[compose(left, right) for right in range(10)] for left in range(10)]

    def holds(text: str) -> bool:
        try:
            value = composed[composed[last[text[7:]]][middle[text[4:7]]]][first[text[:4]]]
        except KeyError:
            return False
        return value == 0 and len(text) == _IDCS_DIGITS

    return holds


def _sum(left: int, right: int) -> int:
    return (left + right) % 10


def _single_values(algorithm: CheckDigit) -> list[tuple[int, ...]]:
    """Return what each digit counts at each place, from the right."""
    if algorithm is CheckDigit.VERHOEFF:
        steps = _steps()
        return [
            tuple(steps[place % _PERIOD][str(digit)][0] for digit in range(10))
            for place in range(_IDCS_DIGITS)
        ]
    return [(tuple(range(10)), _LUHN_DOUBLED)[place % 2] for place in range(_IDCS_DIGITS)]


def _groups(single: list[tuple[int, ...]], compose: Callable[[int, int], int]) -> dict[str, int]:
    """Return the value of every text of so many digits, composed from the right."""
    values = {"": 0}
    for place in single:
        values = {
            str(digit) + text: compose(value, place[digit])
            for text, value in values.items()
            for digit in range(10)
        }
    return values


def is_idcs_shape(text: str) -> bool:
    """Return whether this has the ten digits of an IDCS, the first from 2 to 9."""
    return _IDCS.fullmatch(text) is not None


def is_cnie(text: str) -> bool:
    """Return whether this is a national identity card number: letters, then digits, 8 at most."""
    return len(text) <= _CNIE_CHARACTERS_MAX and _CNIE.fullmatch(text) is not None


def is_residence_permit(text: str) -> bool:
    """Return whether this may be a foreigner's residence permit number.

    Assumption:
        One or two letters, five to eight digits, perhaps a letter: no source states the form.
    """
    return _RESIDENCE_PERMIT.fullmatch(text) is not None


def is_rib_shape(text: str) -> bool:
    """Return whether this has the 24 digits of a RIB: bank 3, place 3, account 16, key 2."""
    return _RIB.fullmatch(text) is not None


def rib_key_holds(rib: str) -> bool:
    """Return whether the two key digits fit the 22 digits before them (modulus 97)."""
    return int(rib) % _RIB_MODULUS == 0


def mobile_number(text: str) -> str | None:
    """Return the +212 form of a Moroccan mobile number, or None if this is none.

    Mobile numbers begin with 6 or 7 after the country code; others cannot receive SMS.
    """
    match = _MOBILE.fullmatch(text)
    return None if match is None else "+212" + match[1]
