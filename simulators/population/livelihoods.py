"""What each person of a household studies, works at and is covered by."""

from dataclasses import dataclass
from random import Random

from simulators.population.calibration import Table, weighted
from simulators.population.chances import Weighted
from simulators.population.people import ADULT_AGE, Member

WORKING_AGE = 15
YOUTH_AGE_MAX = 34
PRIME_AGE_MAX = 54
DIPLOMAS = ("none", "basic", "technical", "secondary", "higher")
# The lowest age at which somebody holds the diploma.
DIPLOMA_AGES = {"none": 0, "basic": 13, "technical": 17, "secondary": 18, "higher": 21}
WORKING = frozenset({"employee", "self_employed", "employer", "public_employee"})


@dataclass(frozen=True, slots=True)
class Attendance:
    """The share of an age, from one to another inclusive, that goes to school."""

    lowest: int
    highest: int
    urban: float
    rural: float


class Livelihoods:
    """Gives the members of a household their schooling, work and health cover."""

    def __init__(self, figures: Table, milieu: str) -> None:
        schooling, work, cover = figures["schooling"], figures["work"], figures["cover"]
        self._tilts: list[float] = figures["standing"]["tilts"]
        self._retirement_age: int = work["retirement_age"]
        self._attendance = _attendance_by_age(schooling["attendance"], milieu)
        self._private: list[float] = schooling["private"][milieu]
        self._diplomas = [Weighted(DIPLOMAS, row) for row in schooling["diplomas"][milieu]]
        self._literate: list[float] = schooling["literate_without_diploma"]
        self._activities = {key: weighted(row) for key, row in work["activities"][milieu].items()}
        self._occupations = {key: weighted(row) for key, row in work["occupations"][milieu].items()}
        self._sectors: dict[str, str] = work["sectors"][milieu]
        self._declared: list[float] = cover["declared_employee"][milieu]
        self._otherwise = weighted(cover["otherwise"])
        self._disability: dict[str, float] = figures["persons"]["severe_disability"]

    def settle(self, members: list[Member], standing: int, rng: Random) -> bool:
        """Fill in what the members do; return whether one of them is a declared employee."""
        for member in members:
            self._attend(member, standing, rng)
            if member.age >= WORKING_AGE:
                self._learn(member, standing, rng)
                self._work(member, rng)
            member.severe_disability = rng.random() < self._disability_at(member.age)
        return self._cover(members, standing, rng)

    def take_job(self, member: Member, rng: Random) -> None:
        """Make a member an employee, with an occupation and a sector."""
        member.activity = "employee"
        self._occupy(member, rng)

    def _attend(self, member: Member, standing: int, rng: Random) -> None:
        attending = self._attendance.get(member.age, 0.0)
        if rng.random() < attending:
            private = rng.random() < self._private[standing]
            member.schooling = "private" if private else "public"
            member.literate = member.age > WORKING_AGE / 2

    def _learn(self, member: Member, standing: int, rng: Random) -> None:
        group = (member.age > YOUTH_AGE_MAX) + (member.age > PRIME_AGE_MAX)
        draw = rng.random() ** self._tilts[standing]
        diploma = self._diplomas[group].at(draw)
        member.education = diploma if member.age >= DIPLOMA_AGES[diploma] else "basic"
        if member.education != "none" or rng.random() < self._literate[group]:
            member.literate = True

    def _work(self, member: Member, rng: Random) -> None:
        if member.schooling != "none":
            member.activity = "inactive"
            return
        sex = member.person.sex
        group = f"old_{sex}" if member.age >= self._retirement_age else sex
        member.activity = self._activities[group].at(rng.random())
        if member.age < ADULT_AGE and member.activity in WORKING:
            member.activity = "unemployed"
        member.pension = member.activity == "retired"
        if member.activity in WORKING:
            self._occupy(member, rng)

    def _occupy(self, member: Member, rng: Random) -> None:
        member.occupation = self._occupations[member.activity].at(rng.random())
        member.sector = self._sectors[member.occupation]

    def _cover(self, members: list[Member], standing: int, rng: Random) -> bool:
        activities = {member.activity for member in members}
        declared = "employee" in activities and rng.random() < self._declared[standing]
        covered = declared or not activities.isdisjoint({"public_employee", "retired"})
        cover = "other_scheme" if covered else self._otherwise.at(rng.random())
        for member in members:
            member.health_cover = cover
        return declared

    def _disability_at(self, age: int) -> float:
        if age < ADULT_AGE:
            return self._disability["young"]
        return self._disability["old" if age >= self._retirement_age else "adult"]


def _attendance_by_age(rows: list[tuple[int, int, float, float]], milieu: str) -> dict[int, float]:
    bands = [Attendance(*row) for row in rows]
    return {
        age: band.urban if milieu == "urban" else band.rural
        for band in bands
        for age in range(band.lowest, band.highest + 1)
    }
