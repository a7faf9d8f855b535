"""What happens to a household in a month: births, deaths, moves, jobs, things bought and sold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import Any

from simulators.population.calibration import Table
from simulators.population.chances import Stream, draws
from simulators.population.civil import given_name
from simulators.population.country import Country
from simulators.population.identifiers import FIRST_DOUBLE_SLOT, RESIDENTS_MAX
from simulators.population.livelihoods import WORKING
from simulators.population.people import ADULT_AGE, Household, Member, Person
from simulators.population.possessions import change_one_fact
from simulators.population.succession import leave_by_death

MONTHS_A_YEAR = 12
OLD_AGE = 60
PARTNERS = frozenset({"head", "spouse"})
PAID_WORK = frozenset({"employee", "self_employed"})
MOTHER_AGES = range(19, 44)
NEWBORNS_MAX = FIRST_DOUBLE_SLOT - RESIDENTS_MAX
# Most who move stay in their province.
NEAR = 0.7

Truth = dict[str, Any]


@dataclass(slots=True)
class Month:
    """One month of one household: what truly happened, and whom to send again."""

    number: int
    start: int
    days: int
    truth: list[Truth] = field(default_factory=list)
    persons: dict[str, Person] = field(default_factory=dict)

    def a_day(self, rng: Random) -> date:
        """Return a day of the month."""
        return date.fromordinal(self.start + int(rng.random() * self.days))

    def happened(self, kind: str, household: Household, **what: object) -> None:
        """Note an event of the household."""
        self.truth.append(
            {"month": self.number, "kind": kind, "reference": household.reference, **what}
        )


class Life:
    """Lets households live on, one month after the other.

    Args:
        country: Where newcomers' identifiers, places and jobs come from.
        seed: The seed of the draws.
        today: The day before the first month; the months follow it without a gap.
        figures: The section `monthly` of the calibration.
    """

    def __init__(self, country: Country, *, seed: int, today: date, figures: Table) -> None:
        self._country = country
        self._rng = draws(seed, Stream.LIFE)
        self._today = today
        self._births: float = figures["birth_to_couple"]
        self._deaths: Table = figures["death"]
        self._most_deadly: float = max(self._deaths.values())
        self._chances: list[tuple[float, Callable[[Household, Month], None]]] = [
            (figures["move"], self._move),
            (figures["job_lost"], self._lose_job),
            (figures["job_found"], self._find_job),
            (figures["fact"], self._change_fact),
        ]

    def live(self, household: Household, number: int) -> Month | None:
        """Let a month pass over a household, which is changed in place.

        Args:
            household: Who lives; a household whose last member died changes no more.
            number: The month, from 1.

        Returns:
            What happened, or nothing if the month changed nothing.
        """
        if not household.members:
            return None
        start = months_after(self._today, number - 1).toordinal() + 1
        days = months_after(self._today, number).toordinal() - start + 1
        month = Month(number, start, days)
        roll = self._rng.random
        if roll() < self._births:
            self._birth(household, month)
        self._death(household, month)
        for chance, happen in self._chances:
            if roll() < chance and household.members:
                happen(household, month)
        if not month.truth:
            return None
        births = [person.born for person in month.persons.values()]
        household.declared_on = max([month.a_day(self._rng), *births])
        return month

    def _birth(self, household: Household, month: Month) -> None:
        members = household.members
        couple = {one.person.sex: one for one in members if one.kinship in PARTNERS}
        mother, father = couple.get("F"), couple.get("M")
        if mother is None or father is None or mother.age not in MOTHER_AGES:
            return
        if household.newborns == NEWBORNS_MAX:
            return
        slot = RESIDENTS_MAX + household.newborns
        household.newborns += 1
        sex = "F" if self._rng.random() < 1 / 2 else "M"
        person = Person(
            idcs=self._country.numbers.idcs(household.number, slot),
            cnie=None,
            given=given_name(sex, self._rng, but_not=[one.person.given for one in members]),
            family=father.person.family,
            sex=sex,
            born=month.a_day(self._rng),
            birth_commune=household.place.commune,
            nationality=father.person.nationality,
            phone=None,
            commune=household.place.commune,
        )
        rank = 1 + sum(one.kinship == "child" for one in members)
        cover = mother.health_cover
        members.append(Member(person, "child", 0, health_cover=cover, birth_rank=rank))
        month.persons[person.idcs] = person
        month.happened("birth", household, idcs=person.idcs, on=person.born.isoformat())

    def _death(self, household: Household, month: Month) -> None:
        for member in household.members:
            draw = self._rng.random()
            if draw < self._most_deadly and draw < self._deaths[_age_group(member.age)]:
                adults = sum(one.age >= ADULT_AGE for one in household.members)
                if member.age >= ADULT_AGE and adults == 1 < len(household.members):
                    return
                on = month.a_day(self._rng)
                member.person.status = "deceased"
                month.persons[member.person.idcs] = member.person
                leave_by_death(household, member)
                month.happened(
                    "death",
                    household,
                    idcs=member.person.idcs,
                    on=on.isoformat(),
                    emptied=not household.members,
                )
                return

    def _move(self, household: Household, month: Month) -> None:
        rng, territory, old = self._rng, self._country.territory, household.place
        new = territory.near(old, rng) if rng.random() < NEAR else territory.somewhere(rng)
        if new == old:
            return
        household.place = new
        for member in household.members:
            member.person.commune = new.commune
            month.persons[member.person.idcs] = member.person
        if new.milieu != old.milieu:
            allowances = household.facts["family_allowances"]
            household.facts = self._country.dwellings[new.milieu].furnish(
                household.members, household.standing, rng
            )
            household.facts["family_allowances"] = allowances
        month.happened("move", household, source=old.commune, destination=new.commune)

    def _lose_job(self, household: Household, month: Month) -> None:
        workers = [one for one in household.members if one.activity in PAID_WORK]
        if not workers:
            return
        member = self._rng.choice(workers)
        member.activity, member.occupation, member.sector = "unemployed", "none", "none"
        if not any(one.activity in WORKING or one.pension for one in household.members):
            household.facts["family_allowances"] = False
            if member.health_cover == "other_scheme":
                for one in household.members:
                    one.health_cover = "none"
        month.happened("job_lost", household, idcs=member.person.idcs)

    def _find_job(self, household: Household, month: Month) -> None:
        seekers = [
            one
            for one in household.members
            if one.activity == "unemployed" and one.age >= ADULT_AGE
        ]
        if not seekers:
            return
        member = self._rng.choice(seekers)
        self._country.livelihoods[household.place.milieu].take_job(member, self._rng)
        month.happened("job_found", household, idcs=member.person.idcs)

    def _change_fact(self, household: Household, month: Month) -> None:
        change = change_one_fact(household.facts, self._rng)
        if change.before != change.after:
            month.happened("fact", household, **change._asdict())


@cache
def months_after(day: date, count: int) -> date:
    """Return the same day of a later month, or its last day if the month is too short."""
    months = day.year * MONTHS_A_YEAR + day.month - 1 + count
    year, month = divmod(months, MONTHS_A_YEAR)
    following = date(year + (month == MONTHS_A_YEAR - 1), (month + 1) % MONTHS_A_YEAR + 1, 1)
    last = date.fromordinal(following.toordinal() - 1)
    return last if day.day > last.day else last.replace(day=day.day)


def _age_group(age: int) -> str:
    if age < ADULT_AGE:
        return "young"
    return "old" if age >= OLD_AGE else "adult"
