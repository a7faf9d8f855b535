"""Numbers that name persons, phones and accounts, each valid and given to one holder only."""

from collections.abc import Iterator
from itertools import product
from string import ascii_uppercase

from simulators.population.chances import Stream, draws
from simulators.population.permutation import KeyedPermutation

HOUSEHOLDS_MAX = 10_000_000

# A household owns 32 serials: those it starts with, those born later, then doubles of persons.
SERIALS_PER_HOUSEHOLD = 32
RESIDENTS_MAX = 12
FIRST_DOUBLE_SLOT = 24
# Newborns carry neither card nor phone, so 16 places are enough: 12 residents and 4 doubles.
HOLDERS_PER_HOUSEHOLD = 16

# The Verhoeff scheme computes in the symmetries of a pentagon: 0-4 turn it, 5-9 flip it.
PENTAGON_SIDES = 5
POSITION_CYCLE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
BLOCK = 1000

PREFIXES = (
    *ascii_uppercase,
    *(first + second for first, second in product(ascii_uppercase, repeat=2)),
)
CARDS_PER_PREFIX = 450_000
PERMIT_ENDING = "R"

RIB_MODULUS = 97


def _compose(first: int, second: int) -> int:
    turn, flip = first % PENTAGON_SIDES, first >= PENTAGON_SIDES
    other_turn, other_flip = second % PENTAGON_SIDES, second >= PENTAGON_SIDES
    turned = (turn - other_turn if flip else turn + other_turn) % PENTAGON_SIDES
    return turned + PENTAGON_SIDES * (flip != other_flip)


def _permuted(digit: int, position: int) -> int:
    for _ in range(position):
        digit = POSITION_CYCLE[digit]
    return digit


def _block(first_position: int) -> Iterator[int]:
    for number in range(BLOCK):
        units, tens, hundreds = number % 10, number // 10 % 10, number // 100
        product_of_two = _compose(
            _permuted(units, first_position), _permuted(tens, first_position + 1)
        )
        yield _compose(product_of_two, _permuted(hundreds, first_position + 2))


COMPOSED = [[_compose(first, second) for second in range(10)] for first in range(10)]
INVERSE = [next(other for other in range(10) if _compose(one, other) == 0) for one in range(10)]
# Three digits at a time: a third of the steps for numbers drawn by the million.
LOW, MIDDLE, HIGH = (list(_block(position)) for position in (1, 4, 7))


def verhoeff_digit(payload: int) -> int:
    """Return the Verhoeff check digit to write after a payload of nine digits.

    A shorter payload counts as if zeros stood before it, which changes its digit.
    """
    upper, low = divmod(payload, BLOCK)
    high, middle = divmod(upper, BLOCK)
    return INVERSE[COMPOSED[COMPOSED[LOW[low]][MIDDLE[middle]]][HIGH[high]]]


def rib(bank: str, city: str, account: int) -> str:
    """Return a bank account number of 24 digits: bank 3, city 3, account 16, key 2.

    Source:
        Key = 97 - (the first 22 digits x 100) mod 97, so that the whole is 0 modulo 97.
    """
    stem = f"{bank}{city}{account:016d}"
    return f"{stem}{RIB_MODULUS - int(stem) * 100 % RIB_MODULUS:02d}"


def mistyped_card(cnie: str) -> str:
    """Return a card number with one wrong digit that is nobody else's.

    Why: genuine numbers end in an even digit, so that a step on it never meets another one.
    """
    return f"{cnie[:-1]}{int(cnie[-1]) + 1}"


class Numbers:
    """Every identifier of a country, a function of the seed and of who holds it."""

    def __init__(self, seed: int) -> None:
        key = draws(seed, Stream.NUMBERS)
        self._persons = KeyedPermutation(20_000, 40_000, key=key)
        self._cards = KeyedPermutation(17_550, 18_000, key=key)
        self._phones = KeyedPermutation(10_000, 20_000, key=key)

    def idcs(self, household: int, slot: int) -> str:
        """Return ten digits: the first 2 to 9, eight free ones, a Verhoeff check digit.

        Args:
            household: Number of the household, from 1.
            slot: Place of the person among the household's serials, from 0.
        """
        serial = (household - 1) * SERIALS_PER_HOUSEHOLD + slot
        payload = self._persons.at(serial) + 200_000_000
        return f"{payload}{verhoeff_digit(payload)}"

    def cnie(self, household: int, slot: int) -> str:
        """Return an identity card number: one or two letters, then six digits."""
        prefix, stem = divmod(self._cards.at(_holder(household, slot)), CARDS_PER_PREFIX)
        return f"{PREFIXES[prefix]}{100_000 + stem * 2}"

    def residence_permit(self, household: int, slot: int) -> str:
        """Return a foreigner's permit number: that of a card nobody has, with a letter behind."""
        return self.cnie(household, slot) + PERMIT_ENDING

    def phone(self, household: int, slot: int) -> str:
        """Return a Moroccan mobile number: +212, then 6 or 7, then eight digits."""
        return f"+212{self._phones.at(_holder(household, slot)) + 600_000_000}"


def _holder(household: int, slot: int) -> int:
    place = slot if slot < RESIDENTS_MAX else RESIDENTS_MAX + slot - FIRST_DOUBLE_SLOT
    return (household - 1) * HOLDERS_PER_HOUSEHOLD + place
