"""Who the residents of a household are: names, birth, identifiers, phones."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import NamedTuple

from simulators.population.calibration import Table, weighted
from simulators.population.identifiers import Numbers
from simulators.population.names import Name, bearers_of
from simulators.population.people import ADULT_AGE, DAYS_A_YEAR, Member, Person
from simulators.population.residents import Resident
from simulators.population.territory import Place, Territory

MOROCCAN = "MAR"
CARD_AGE_MIN = 12
# Children of one mother are born in the same weeks of their years, so never too close together.
BIRTH_SEASON_DAYS = 60
LATEST_SEASON_DAYS = DAYS_A_YEAR - BIRTH_SEASON_DAYS - 2
SAME_NAME_DRAWS = 3
GIVEN = {"F": bearers_of("given_female"), "M": bearers_of("given_male")}
FAMILIES = bearers_of("family")


class Origin(NamedTuple):
    """What the residents of one household have in common."""

    number: int
    place: Place
    nationality: str
    fathers_name: Name
    season_days: int


def given_name(sex: str, rng: Random, *, but_not: Sequence[Name] = ()) -> Name:
    """Return a given name, another one than those of the household if that can be had."""
    names = GIVEN[sex]
    name = names.at(rng.random())
    for _ in range(SAME_NAME_DRAWS):
        if name not in but_not:
            break
        name = names.at(rng.random())
    return name


def family_of(resident: Resident, fathers_name: Name, rng: Random) -> Name:
    """Return a family name: the father's passes on, while women keep that of their own father."""
    is_descendant = resident.kinship in {"child", "grandchild", "sibling"}
    if resident.sex == "M" or is_descendant:
        return fathers_name
    return FAMILIES.at(rng.random())


class Civil:
    """Gives residents a civil identity.

    Args:
        numbers: Where identifiers come from.
        territory: Where people are born who were not born where they live.
        today: The day on which ages are reckoned.
        figures: The section `persons` of the calibration.
    """

    def __init__(
        self, numbers: Numbers, *, territory: Territory, today: date, figures: Table
    ) -> None:
        self._numbers = numbers
        self._territory = territory
        self._today = today.toordinal()
        self._nationalities = weighted(figures["nationalities"])
        self._foreign: float = figures["foreign"]
        self._own_phone: float = figures["own_phone"]
        self._without_card: float = figures["without_card"]
        self._minor_with_card: float = figures["minor_with_card"]
        self._birth_place_unknown: float = figures["birth_place_unknown"]
        self._born_here: float = 1 - figures["born_elsewhere"]

    def members(
        self, residents: list[Resident], number: int, *, place: Place, rng: Random
    ) -> list[Member]:
        """Return the residents as members with a name, the head first."""
        origin = Origin(
            number,
            place,
            self._nationality(rng),
            FAMILIES.at(rng.random()),
            int(rng.random() * LATEST_SEASON_DAYS),
        )
        members: list[Member] = []
        taken: list[Name] = []
        children = 0
        for slot, resident in enumerate(residents):
            given = given_name(resident.sex, rng, but_not=taken)
            taken.append(given)
            person = self._person(resident, slot, given=given, origin=origin, rng=rng)
            member = Member(person, resident.kinship, resident.age)
            if resident.kinship == "child":
                children += 1
                member.birth_rank = children
                member.orphan_of_father = resident.orphan_of_father
            if resident.twin:
                person.born = members[-1].person.born
            members.append(member)
        members[0].head = True
        return members

    def _person(
        self, resident: Resident, slot: int, *, given: Name, origin: Origin, rng: Random
    ) -> Person:
        roll = rng.random
        number, place, nationality, fathers_name, season_days = origin
        age = resident.age
        days = int(age * DAYS_A_YEAR) + 1 + season_days + int(roll() * BIRTH_SEASON_DAYS)
        has_card = nationality == MOROCCAN and self._has_card(age, rng)
        has_phone = age >= ADULT_AGE and roll() < self._own_phone
        return Person(
            self._numbers.idcs(number, slot),
            self._numbers.cnie(number, slot) if has_card else None,
            given,
            family_of(resident, fathers_name, rng),
            resident.sex,
            date.fromordinal(self._today - days),
            self._birth_commune(place, rng),
            nationality,
            self._numbers.phone(number, slot) if has_phone else None,
            place.commune,
            residence_permit=self._residence_permit(nationality, age, number, slot=slot),
        )

    def _residence_permit(
        self, nationality: str, age: int, number: int, *, slot: int
    ) -> str | None:
        """Return the permit of a grown-up foreigner; minors stand on their parents'."""
        if nationality == MOROCCAN or age < ADULT_AGE:
            return None
        return self._numbers.residence_permit(number, slot)

    def _nationality(self, rng: Random) -> str:
        if rng.random() < self._foreign:
            return self._nationalities.at(rng.random())
        return MOROCCAN

    def _has_card(self, age: int, rng: Random) -> bool:
        if age >= ADULT_AGE:
            return rng.random() >= self._without_card
        return age >= CARD_AGE_MIN and rng.random() < self._minor_with_card

    def _birth_commune(self, place: Place, rng: Random) -> str | None:
        draw = rng.random()
        if draw < self._birth_place_unknown:
            return None
        if draw < self._born_here:
            return place.commune
        return self._territory.somewhere(rng).commune
