"""What a household declares of its dwelling, its assets and its spending."""

from dataclasses import dataclass
from random import Random
from typing import Any

from simulators.population.calibration import Table, weighted, weighted_numbers
from simulators.population.people import ADULT_AGE, Facts, Member

CENTIMES = 100
COWS_MAX = 6
# Bills differ by as much as a third from what households of the same kind spend.
SPREAD = 0.66


@dataclass(frozen=True, slots=True)
class Spending:
    """A kind of bill: so many dirhams a year, and more for each person by standing."""

    fixed: int
    a_person: list[int]

    def centimes(self, size: int, standing: int, rng: Random) -> int:
        """Return one household's bill of a year, in centimes, a whole number of dirhams."""
        usual = self.fixed + self.a_person[standing] * size
        return int(usual * (1 - SPREAD / 2 + SPREAD * rng.random())) * CENTIMES


class Dwellings:
    """Draws what the households of one milieu own and spend."""

    def __init__(self, figures: Table, milieu: str) -> None:
        table: dict[str, Any] = figures["dwelling"][milieu]
        self._tilts: list[float] = figures["standing"]["tilts"]
        self._kinds = weighted(table["kinds"])
        self._rooms = weighted_numbers(table["rooms"])
        self._butane = Spending(**table["butane"])
        self._water = Spending(**table["water_electricity"])
        self._phone = Spending(**table["phone_internet"])
        self._phones_per_adult: list[float] = table["phones_per_adult"]
        # Turned so that a household reads the shares of its standing at once.
        self._shares = [
            {fact: shares[standing] for fact, shares in table["owned"].items()}
            for standing in range(len(self._tilts))
        ]

    def furnish(self, members: list[Member], standing: int, rng: Random) -> Facts:
        """Return what these members declare of the place they live in."""
        size = len(members)
        roll = rng.random
        shares = self._shares[standing]
        adults = sum(member.age >= ADULT_AGE for member in members)
        phones = int(adults * self._phones_per_adult[standing] + roll() + 0.25)
        tilt = self._tilts[standing]
        return {
            "dwelling": self._kinds.at(roll() ** tilt),
            "rooms": self._rooms.at(roll() ** tilt) + size // 5,
            "family_nuclei": 2 if any(one.kinship == "grandchild" for one in members) else 1,
            "bath_or_shower": roll() < shares["bath_or_shower"],
            "electricity_meter": roll() < shares["electricity_meter"],
            "computer": roll() < shares["computer"],
            "satellite_dish": roll() < shares["satellite_dish"],
            "fixed_telephone": roll() < shares["fixed_telephone"],
            "bank_loan": roll() < shares["bank_loan"],
            "secondary_dwelling": roll() < shares["secondary_dwelling"],
            "garage": roll() < shares["garage"],
            "business_premises": roll() < shares["business_premises"],
            "mobile_phones": phones,
            "cars": int(roll() < shares["car"]),
            "motorcycles": int(roll() < shares["motorcycle"]),
            "non_agricultural_land": roll() < shares["non_agricultural_land"],
            "irrigated_land": roll() < shares["irrigated_land"],
            "cows": 1 + int(roll() ** 2 * COWS_MAX) if roll() < shares["herd"] else 0,
            "butane_yearly_centimes": self._butane.centimes(size, standing, rng),
            "water_electricity_yearly_centimes": self._water.centimes(size, standing, rng),
            "phone_internet_yearly_centimes": self._phone.centimes(size, standing, rng),
            "family_allowances": False,
        }
