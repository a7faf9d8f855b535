"""What goes wrong when a country is registered, with the truth beside it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

from simulators.population.blurring import Blurring
from simulators.population.calibration import Table, weighted
from simulators.population.chances import Stream, draws
from simulators.population.country import Country
from simulators.population.identifiers import FIRST_DOUBLE_SLOT, mistyped_card
from simulators.population.people import (
    ADULT_AGE,
    Household,
    Member,
    Payee,
    Person,
    reference_of,
)

Truth = dict[str, Any]
LEAVES_WITH_SPOUSE = 0.5


@dataclass(slots=True)
class Spoiled:
    """What was planted with one household: the truth, and records that come later in the file."""

    truth: list[Truth] = field(default_factory=list)
    doubles: list[Person] = field(default_factory=list)
    apart: Household | None = None


class Dirt:
    """Plants at most one kind of dirt in a household.

    Args:
        country: Where the households come from.
        seed: The seed of the draws.
        share: Share of the households that are spoiled, from 0 to 1.
        households: Number of households; references beyond it are free.
        today: The day after which nothing is dated.
        figures: The section `dirt` of the calibration.
    """

    def __init__(
        self,
        country: Country,
        *,
        seed: int,
        share: float,
        households: int,
        today: date,
        figures: Table,
    ) -> None:
        self.blurring = Blurring(country.territory, latest=today, figures=figures)
        self._country = country
        self._rng = draws(seed, Stream.DIRT)
        self._share = share
        self._last_reference = households
        self._kinds = weighted(figures["kinds"])
        self._mistyped_card: float = figures["double_with_mistyped_card"]
        self._same_phone: float = figures["double_with_same_phone"]
        self._split_same_phone: float = figures["split_with_same_phone"]
        self._registered_twice: float = figures["split_registered_twice"]
        self._planted_by: dict[str, Callable[[Household, Random], Spoiled]] = {
            "duplicate_person": self._duplicate,
            "wrong_date": self._wrong_date,
            "spelling_variant": self._spelling,
            "split_household": self._split,
        }

    def spoil(self, household: Household) -> Spoiled:
        """Spoil a household, or not; it is changed in place."""
        if self._rng.random() >= self._share:
            return Spoiled()
        return self._planted_by[self._kinds.at(self._rng.random())](household, self._rng)

    def _duplicate(self, household: Household, rng: Random) -> Spoiled:
        slot = int(rng.random() * len(household.members))
        double, truth = self._double(household, household.members[slot].person, rng)
        return Spoiled([truth], [double])

    def _double(self, household: Household, person: Person, rng: Random) -> tuple[Person, Truth]:
        double, differences = self.blurring.blurred(person, household.place, rng)
        double.idcs = self._country.numbers.idcs(household.number, FIRST_DOUBLE_SLOT)
        mistyped = person.cnie is not None and rng.random() < self._mistyped_card
        double.cnie = mistyped_card(person.cnie) if mistyped and person.cnie else None
        double.residence_permit = None
        if rng.random() >= self._same_phone:
            double.phone = None
        truth = {
            "kind": "duplicate_person",
            "idcs": [person.idcs, double.idcs],
            "differences": differences,
        }
        return double, truth

    def _wrong_date(self, household: Household, rng: Random) -> Spoiled:
        person = rng.choice(household.members).person
        true = person.born
        error = self.blurring.misdate(person, rng)
        if person.born > household.declared_on:
            person.born = true
        if person.born == true:
            return Spoiled()
        return Spoiled(
            [
                {
                    "kind": "wrong_date",
                    "idcs": person.idcs,
                    "error": error.removeprefix("birth_date:"),
                    "true": true.isoformat(),
                    "written": person.born.isoformat(),
                }
            ]
        )

    def _spelling(self, household: Household, rng: Random) -> Spoiled:
        person = rng.choice(household.members).person
        given, family = person.given, person.family
        difference = self.blurring.misspell(person, rng)
        if not difference:
            return Spoiled()
        part = "given" if difference.startswith("given") else "family"
        true = given if part == "given" else family
        return Spoiled(
            [
                {
                    "kind": "spelling_variant",
                    "idcs": person.idcs,
                    "difference": difference,
                    "true": {"latin": true.latin, "arabic": true.arabic},
                }
            ]
        )

    def _split(self, household: Household, rng: Random) -> Spoiled:
        spouse = next((one for one in household.members if one.kinship == "spouse"), None)
        if spouse is None:
            return self._duplicate(household, rng)
        self._last_reference += 1
        slot = household.members.index(spouse)
        if rng.random() < self._registered_twice:
            double, twice = self._double(household, spouse.person, rng)
            leaving = [replace(spouse, person=double)]
            shape, truths = "spouse_twice", [twice]
        else:
            leaving = _leave(household, spouse, rng)
            shape, truths = "spouse_apart", []
        apart = self._apart(household, leaving, slot=slot, rng=rng)
        truth: Truth = {
            "kind": "split_household",
            "references": [household.reference, apart.reference],
            "shape": shape,
            "idcs": [household.head.person.idcs, spouse.person.idcs],
        }
        return Spoiled([truth, *truths], apart=apart)

    def _apart(
        self, household: Household, leaving: list[Member], *, slot: int, rng: Random
    ) -> Household:
        """Return the household that the spouse declares for themselves."""
        head = leaving[0]
        head.kinship, head.head, head.declarant = "head", True, True
        own_phone = self._country.numbers.phone(household.number, slot)
        same_phone = rng.random() < self._split_same_phone
        return replace(
            household,
            reference=reference_of(self._last_reference),
            phone=household.phone if same_phone else own_phone,
            members=leaving,
            facts={**household.facts, "family_nuclei": 1},
            payee=Payee(self._country.account(household.place, rng), head.person),
        )


def _leave(household: Household, spouse: Member, rng: Random) -> list[Member]:
    """Take the spouse and some of the young children out of a household."""
    leaving = [
        one
        for one in household.members
        if one is spouse
        or (one.kinship == "child" and one.age < ADULT_AGE and rng.random() < LEAVES_WITH_SPOUSE)
    ]
    leaving.sort(key=lambda one: one is not spouse)
    gone = {one.person.idcs for one in leaving}
    household.members = [one for one in household.members if one.person.idcs not in gone]
    head = household.head
    if not any(one.declarant for one in household.members):
        head.declarant = True
    payee = household.payee
    if payee is not None and payee.collector.idcs in gone:
        household.payee = Payee(payee.account, head.person)
    return leaving
