"""Persons, the households they live in, and what a household declares of itself."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypedDict

from simulators.population.names import Name
from simulators.population.territory import Place

ADULT_AGE = 18
ASD_CHILD_AGE_MAX = 20
DAYS_A_YEAR = 365.2425


class Facts(TypedDict):
    """What a household declares of its dwelling, assets and spending; money in centimes."""

    dwelling: str
    rooms: int
    family_nuclei: int
    bath_or_shower: bool
    electricity_meter: bool
    computer: bool
    satellite_dish: bool
    fixed_telephone: bool
    bank_loan: bool
    secondary_dwelling: bool
    garage: bool
    business_premises: bool
    mobile_phones: int
    cars: int
    motorcycles: int
    non_agricultural_land: bool
    irrigated_land: bool
    cows: int
    butane_yearly_centimes: int
    water_electricity_yearly_centimes: int
    phone_internet_yearly_centimes: int
    family_allowances: bool


@dataclass(slots=True)
class Person:
    """Somebody registered, as the population registry writes them."""

    idcs: str
    cnie: str | None
    given: Name
    family: Name
    sex: str
    born: date
    birth_commune: str | None
    nationality: str
    phone: str | None
    commune: str
    status: str = "active"
    residence_permit: str | None = None


@dataclass(slots=True)
class Member:
    """A person's part in a household, and what the household declares of that person."""

    person: Person
    kinship: str
    age: int
    head: bool = False
    declarant: bool = False
    schooling: str = "none"
    education: str = "none"
    literate: bool = False
    activity: str = "child"
    occupation: str = "none"
    sector: str = "none"
    health_cover: str = "none"
    orphan_of_father: bool = False
    severe_disability: bool = False
    birth_rank: int | None = None
    pension: bool = False


class Payee(NamedTuple):
    """The account that receives a household's money, and the member who holds it."""

    account: str
    collector: Person


@dataclass(slots=True)
class Household:
    """People who live together and share expenses, as they declared themselves.

    `standing` is the fifth of the registered population to which the household belongs, from
    the poorest (0) to the best-off (4), and `newborns` counts those born after the first
    declaration; neither is written. `programmes` are those applied for.
    """

    number: int
    reference: str
    place: Place
    standing: int
    language: str
    phone: str | None
    declared_on: date
    members: list[Member]
    facts: Facts
    programmes: tuple[str, ...]
    applied_on: date
    payee: Payee | None
    newborns: int = 0

    @property
    def head(self) -> Member:
        """The member whom the others are related to."""
        return next(member for member in self.members if member.head)


def reference_of(number: int) -> str:
    """Return the reference of the household that was registered as the n-th."""
    return f"RSU-{number:08d}"


def age_on(born: date, day: date) -> int:
    """Return the years completed on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
