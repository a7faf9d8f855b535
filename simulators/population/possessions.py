"""Changes of what a household owns or spends, large enough to move its index."""

from random import Random
from typing import Literal, NamedTuple

from simulators.population.people import Facts

# A recharge of 20 dirhams a month, the change households complain about most.
RECHARGE_YEARLY_CENTIMES = 24_000
BUTANE_BOTTLE_CENTIMES = 5_000
WATER_STEPS = (-18_000, -6_000, 6_000, 18_000)

Counted = Literal["mobile_phones", "motorcycles", "cars", "cows"]
Spent = Literal[
    "butane_yearly_centimes", "water_electricity_yearly_centimes", "phone_internet_yearly_centimes"
]
Owned = Literal["satellite_dish", "computer", "bank_loan", "bath_or_shower"]

COUNTED: tuple[Counted, ...] = ("mobile_phones", "mobile_phones", "motorcycles", "cars", "cows")
SPENT: tuple[tuple[Spent, tuple[int, ...]], ...] = (
    ("phone_internet_yearly_centimes", (RECHARGE_YEARLY_CENTIMES, -RECHARGE_YEARLY_CENTIMES)),
    ("butane_yearly_centimes", (BUTANE_BOTTLE_CENTIMES, -BUTANE_BOTTLE_CENTIMES)),
    ("water_electricity_yearly_centimes", WATER_STEPS),
)
OWNED: tuple[Owned, ...] = ("satellite_dish", "computer", "bank_loan", "bath_or_shower")


class FactChange(NamedTuple):
    """A declared fact and its two values; money in centimes a year."""

    fact: str
    before: int
    after: int


def change_one_fact(facts: Facts, rng: Random) -> FactChange:
    """Change one fact in place; nothing sinks under zero, so the values may stay equal."""
    draw = rng.random()
    if draw < 1 / 2:
        spent, steps = rng.choice(SPENT)
        before = facts[spent]
        facts[spent] = max(0, before + rng.choice(steps))
        return FactChange(spent, before, facts[spent])
    if draw < 3 / 4:
        counted = rng.choice(COUNTED)
        count = facts[counted]
        facts[counted] = max(0, count + rng.choice((1, 1, -1)))
        return FactChange(counted, count, facts[counted])
    owned = rng.choice(OWNED)
    had = facts[owned]
    facts[owned] = not had
    return FactChange(owned, had, facts[owned])
