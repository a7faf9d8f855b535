"""The households of the country, one after the other."""

from collections.abc import Iterator
from datetime import date
from random import Random

from simulators.population.calibration import Table, weighted
from simulators.population.chances import Stream, draws
from simulators.population.civil import Civil
from simulators.population.dwellings import Dwellings
from simulators.population.identifiers import Numbers, rib
from simulators.population.livelihoods import Livelihoods
from simulators.population.people import (
    ADULT_AGE,
    ASD_CHILD_AGE_MAX,
    Household,
    Member,
    Payee,
    reference_of,
)
from simulators.population.residents import Residents
from simulators.population.territory import Place, Territory

MILIEUX = ("urban", "rural")
FIFTHS = 5
ACCOUNTS = 10**13
DAYS_TO_APPLY_MAX = 30
PROGRAMMES: dict[str, tuple[str, ...]] = {
    "both": ("asd", "amo_tadamon"),
    "asd": ("asd",),
    "amo_tadamon": ("amo_tadamon",),
    "none": (),
}


class Country:
    """Draws households, always the same for a seed and a day.

    Args:
        seed: The seed of every draw.
        today: The day on which ages are reckoned and after which nothing is dated.
        figures: The calibration.
    """

    def __init__(self, seed: int, *, today: date, figures: Table) -> None:
        self.numbers = Numbers(seed)
        self.territory = Territory(rural_weight=figures["rural_weight"])
        self.livelihoods = {milieu: Livelihoods(figures, milieu) for milieu in MILIEUX}
        self._rng = draws(seed, Stream.HOUSEHOLDS)
        self._today = today.toordinal()
        self._residents = Residents(figures["residents"])
        self._civil = Civil(
            self.numbers, territory=self.territory, today=today, figures=figures["persons"]
        )
        self.dwellings = {milieu: Dwellings(figures, milieu) for milieu in MILIEUX}
        self._file: Table = figures["file"]
        self._declarants = weighted(self._file["declarant"])
        self._applications = weighted(self._file["applications"])
        self._banks = {milieu: weighted(self._file["banks"][milieu]) for milieu in MILIEUX}
        self._family_allowances: float = figures["cover"]["family_allowances"]

    def households(self, count: int) -> Iterator[Household]:
        """Yield the first households of the country; a long series begins like a short one."""
        for number in range(1, count + 1):
            yield self._household(number)

    def account(self, place: Place, rng: Random) -> str:
        """Return an account number at a bank used where the household lives."""
        bank = self._banks[place.milieu].at(rng.random())
        return rib(bank, place.province, int(rng.random() * ACCOUNTS))

    def _household(self, number: int) -> Household:
        rng = self._rng
        place = self.territory.somewhere(rng)
        milieu = place.milieu
        standing = int(rng.random() * FIFTHS)
        residents = self._residents.of(milieu, rng)
        members = self._civil.members(residents, number, place=place, rng=rng)
        declared = self.livelihoods[milieu].settle(members, standing, rng)
        facts = self.dwellings[milieu].furnish(members, standing, rng)
        facts["family_allowances"] = declared and self._draws_allowances(members, rng)
        declared_on = self._declared_on(members, rng)
        declarant = self._declarant(members, rng)
        declarant.declarant = True
        return Household(
            number=number,
            reference=reference_of(number),
            place=place,
            standing=standing,
            language="ar" if rng.random() < self._file["arabic"][milieu] else "fr",
            phone=self._phone(members, number, rng),
            declared_on=declared_on,
            members=members,
            facts=facts,
            programmes=PROGRAMMES[self._applications.at(rng.random())],
            applied_on=self._applied_on(declared_on, rng),
            payee=self._payee(place, members[0], declarant=declarant, rng=rng),
        )

    def _draws_allowances(self, members: list[Member], rng: Random) -> bool:
        has_children = any(member.age <= ASD_CHILD_AGE_MAX for member in members)
        return has_children and rng.random() < self._family_allowances

    def _declared_on(self, members: list[Member], rng: Random) -> date:
        """Return a day of the last months, after the birth of every member."""
        days: int = self._file["declared_days_ago_max"]
        if any(member.age == 0 for member in members):
            youngest = max(member.person.born for member in members)
            days = min(days, self._today - youngest.toordinal())
        return date.fromordinal(self._today - int(rng.random() * (days + 1)))

    def _declarant(self, members: list[Member], rng: Random) -> Member:
        wanted = self._declarants.at(rng.random())
        if wanted != "head":
            for member in members:
                if member.kinship == wanted and member.age > ADULT_AGE:
                    return member
        return members[0]

    def _phone(self, members: list[Member], number: int, rng: Random) -> str | None:
        if rng.random() < self._file["without_phone"]:
            return None
        for member in members:
            if member.person.phone:
                return member.person.phone
        return self.numbers.phone(number, 0)

    def _applied_on(self, declared_on: date, rng: Random) -> date:
        days = min(DAYS_TO_APPLY_MAX, self._today - declared_on.toordinal())
        return date.fromordinal(declared_on.toordinal() + int(rng.random() * (days + 1)))

    def _payee(self, place: Place, head: Member, *, declarant: Member, rng: Random) -> Payee | None:
        if rng.random() < self._file["without_payee"]:
            return None
        collector = head if rng.random() < self._file["head_collects"] else declarant
        return Payee(self.account(place, rng), collector.person)
