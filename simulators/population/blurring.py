"""Small differences between two records of one person."""

from dataclasses import replace
from datetime import date
from random import Random

from simulators.population.calibration import Table, weighted, weighted_numbers
from simulators.population.people import Person
from simulators.population.spelling import variant_of
from simulators.population.territory import Place, Territory

DRAWS_MAX = 6


class Blurring:
    """Writes a person otherwise than they are: another spelling, a wrong date, a neighbour town.

    Args:
        territory: Where the neighbour towns are.
        latest: The day after which no birth is dated.
        figures: The section `dirt` of the calibration.
    """

    def __init__(self, territory: Territory, *, latest: date, figures: Table) -> None:
        self._territory = territory
        self._latest = latest
        self._date_errors = weighted(figures["date_errors"])
        self._counts = weighted_numbers(figures["differences"])
        self._differences = weighted(figures["difference"])

    def blurred(self, person: Person, place: Place, rng: Random) -> tuple[Person, list[str]]:
        """Return the person with one or two differences, and the names of the differences."""
        other = replace(person)
        wanted = [self._differences.at(rng.random()) for _ in range(self._counts.at(rng.random()))]
        made = [self._differ(other, kind, place=place, rng=rng) for kind in dict.fromkeys(wanted)]
        return other, [difference for difference in made if difference]

    def misspell(self, person: Person, rng: Random) -> str:
        """Write one name of the person otherwise; return the difference."""
        part = "given" if rng.random() < 1 / 2 else "family"
        name, difference = variant_of(person.given if part == "given" else person.family, rng)
        if part == "given":
            person.given = name
        else:
            person.family = name
        return "" if difference == "none" else f"{part}:{difference}"

    def misdate(self, person: Person, rng: Random) -> str:
        """Write the birth date of the person wrongly; return the kind of error, empty if none.

        Some dates cannot be mistaken in some ways: the 5th of May has nothing to swap.
        """
        for _ in range(DRAWS_MAX):
            error = self._date_errors.at(rng.random())
            born = _wrong(person.born, error, rng)
            if person.born != born <= self._latest:
                person.born = born
                return f"birth_date:{error}"
        return ""

    def _differ(self, person: Person, kind: str, *, place: Place, rng: Random) -> str:
        if kind == "spelling":
            return self.misspell(person, rng)
        if kind == "birth_date":
            return self.misdate(person, rng)
        commune = self._territory.near(place, rng).commune
        if commune == person.commune:
            return ""
        person.commune = commune
        return "commune"


def _wrong(born: date, error: str, rng: Random) -> date:
    """Return another date than the true one, or the true one if it cannot be mistaken so."""
    if error == "first_january":
        return born.replace(month=1, day=1)
    try:
        if error == "swapped":
            return born.replace(month=born.day, day=born.month)
        return born.replace(year=born.year + (1 if rng.random() < 1 / 2 else -1))
    except ValueError:
        return born
