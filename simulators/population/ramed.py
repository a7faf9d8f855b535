"""The list of an older programme, whose people must be found again in the registry."""

from dataclasses import dataclass
from datetime import date
from random import Random

from simulators.population.blurring import Blurring
from simulators.population.calibration import Table, weighted
from simulators.population.chances import Stream, draws
from simulators.population.civil import FAMILIES, given_name
from simulators.population.country import Country
from simulators.population.dirt import Truth
from simulators.population.identifiers import FIRST_DOUBLE_SLOT
from simulators.population.people import ADULT_AGE, Household, Person

HEADER = "number,given_ar,family_ar,given_latin,family_latin,birth_date,commune,cnie"
HOMONYM_SLOT = FIRST_DOUBLE_SLOT + 1
UNKNOWN_BORN = (date(1940, 1, 1).toordinal(), date(2003, 12, 31).toordinal())


@dataclass(slots=True)
class Entry:
    """One line of the list, with its truth; a homonym is one more person to register."""

    line: str
    truth: list[Truth]
    homonym: Person | None = None


class RamedList:
    """Draws the lines of the list, one household at a time.

    Args:
        country: Where the households come from.
        seed: The seed of the draws.
        blurring: How the list came to differ from the registry.
        figures: The section `ramed` of the calibration.
    """

    def __init__(self, country: Country, *, seed: int, blurring: Blurring, figures: Table) -> None:
        self._country = country
        self._blurring = blurring
        self._rng = draws(seed, Stream.RAMED)
        self._outcomes = weighted(figures["outcomes"])
        self._listed: float = figures["listed"]
        self._with_card: float = figures["with_card"]
        self._without_latin: float = figures["without_latin_name"]
        self._count = 0

    def entry(self, household: Household, *, but_not: set[str]) -> Entry | None:
        """Return the household's line on the list, if it has one.

        Args:
            household: Whose adults the list may name.
            but_not: IDCS of persons registered twice, for whom no single answer is true.
        """
        rng = self._rng
        if rng.random() >= self._listed:
            return None
        outcome = self._outcomes.at(rng.random())
        adults = [
            one.person
            for one in household.members
            if one.age >= ADULT_AGE and one.person.idcs not in but_not
        ]
        if outcome == "unknown" or not adults:
            return self._unknown(household, rng)
        person = rng.choice(adults)
        # Two cards tell homonyms from one person registered twice.
        if outcome == "ambiguous" and person.cnie:
            return self._ambiguous(household, person, rng)
        if outcome == "variant":
            listed, differences = self._blurring.blurred(person, household.place, rng)
        else:
            listed, differences = person, []
        return self._found(listed, person.idcs, differences, rng)

    def _found(self, listed: Person, idcs: str, differences: list[str], rng: Random) -> Entry:
        with_card = rng.random() < self._with_card
        line, number = self._line(listed, with_card=with_card, rng=rng)
        truth = {
            "kind": "ramed_match",
            "number": number,
            "outcome": "matched",
            "idcs": [idcs],
            "differences": differences,
        }
        return Entry(line, [truth])

    def _ambiguous(self, household: Household, person: Person, rng: Random) -> Entry:
        """Return a line that fits two persons of the same name, birth date and commune."""
        numbers, holder = self._country.numbers, (household.number, HOMONYM_SLOT)
        homonym = Person(
            numbers.idcs(*holder),
            numbers.cnie(*holder),
            person.given,
            person.family,
            person.sex,
            person.born,
            person.birth_commune,
            person.nationality,
            numbers.phone(*holder),
            person.commune,
        )
        line, number = self._line(person, with_card=False, rng=rng)
        both = [person.idcs, homonym.idcs]
        truth: list[Truth] = [
            {"kind": "homonym", "idcs": both},
            {"kind": "ramed_match", "number": number, "outcome": "ambiguous", "idcs": both},
        ]
        return Entry(line, truth, homonym)

    def _unknown(self, household: Household, rng: Random) -> Entry:
        sex = "F" if rng.random() < 1 / 2 else "M"
        earliest, latest = UNKNOWN_BORN
        stranger = Person(
            idcs="",
            cnie=None,
            given=given_name(sex, rng),
            family=FAMILIES.at(rng.random()),
            sex=sex,
            born=date.fromordinal(earliest + int(rng.random() * (latest - earliest))),
            birth_commune=None,
            nationality="MAR",
            phone=None,
            commune=household.place.commune,
        )
        line, number = self._line(stranger, with_card=False, rng=rng)
        return Entry(
            line, [{"kind": "ramed_match", "number": number, "outcome": "unknown", "idcs": []}]
        )

    def _line(self, person: Person, *, with_card: bool, rng: Random) -> tuple[str, str]:
        self._count += 1
        number = f"RAMED-{self._count:08d}"
        has_latin = rng.random() >= self._without_latin
        # Names have no comma and nothing to quote.
        line = ",".join(
            [
                number,
                person.given.arabic,
                person.family.arabic,
                person.given.latin if has_latin else "",
                person.family.latin if has_latin else "",
                person.born.isoformat(),
                person.commune,
                person.cnie if with_card and person.cnie else "",
            ]
        )
        return line, number
