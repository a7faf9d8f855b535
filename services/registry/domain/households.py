"""Who may be recorded in which household: a person lives in one household at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import DeclaredHousehold
from services.registry.domain.rejects import REJECTS_PER_LINE_MAX, Reject, RejectCode
from services.registry.domain.vocabulary import Kinship, PersonStatus

ADULT_YEARS = 18


class RegisteredPerson(NamedTuple):
    """What the registry must know of a person to place them in a household."""

    person_id: UUID
    birth_date: date
    sex: str
    status: str
    known_from_line: int
    """The line of this import that recorded the person; 0 if an earlier import did."""


class RegisteredHousehold(NamedTuple):
    """A household as it stands before a declaration."""

    household_id: UUID
    valid_from: date


@dataclass(slots=True)
class Residents:
    """Who is known and who lives where, while the declarations of a block take effect in turn."""

    persons: Mapping[str, RegisteredPerson]
    """By IDCS."""
    commune_of: Mapping[UUID, str] = field(default_factory=dict)
    """The commune in which each person's own record stands."""
    household_of: dict[UUID, UUID] = field(default_factory=dict)
    """The household that each person lives in."""
    members_of: dict[UUID, set[UUID]] = field(default_factory=dict)
    """The persons who live in each household; the same facts from the other side."""

    def admit(self, person_id: UUID, household_id: UUID) -> None:
        """Note that a person lives in a household."""
        self.household_of[person_id] = household_id
        self.members_of.setdefault(household_id, set()).add(person_id)

    def obstacles(
        self, household: DeclaredHousehold, *, standing: RegisteredHousehold | None, line: int
    ) -> tuple[Reject, ...]:
        """Return why a declaration cannot take effect now; empty if it can.

        Args:
            household: The declaration.
            standing: The household as it is recorded, None if it is new.
            line: Where the declaration stands in its file; persons must come before it.
        """
        if standing is not None and household.declared_on < standing.valid_from:
            return (Reject("declared_on", RejectCode.DECLARATION_OUTDATED),)
        household_id = None if standing is None else standing.household_id
        rejects = []
        for position, member in enumerate(household.members):
            person = self.persons.get(member.idcs)
            if person is None or person.known_from_line > line:
                rejects.append(Reject(f"members[{position}].idcs", RejectCode.MEMBER_UNKNOWN))
            elif person.status == PersonStatus.DECEASED:
                rejects.append(Reject(f"members[{position}].idcs", RejectCode.PERSON_DECEASED))
            elif self.household_of.get(person.person_id, household_id) != household_id:
                rejects.append(Reject(f"members[{position}].idcs", RejectCode.MEMBER_ELSEWHERE))
        if not rejects and not self._has_adult_declarant(household):
            rejects.append(Reject("members", RejectCode.DECLARANT_MINOR))
        return tuple(rejects[:REJECTS_PER_LINE_MAX])

    def settle(self, household: DeclaredHousehold, *, household_id: UUID) -> None:
        """Let the declared members live in a household, and nobody else.

        Members who are not declared any more leave; another household may then declare them.
        """
        members = {self.persons[member.idcs].person_id for member in household.members}
        for person_id in self.members_of.get(household_id, set()) - members:
            del self.household_of[person_id]
        self.household_of.update(dict.fromkeys(members, household_id))
        self.members_of[household_id] = members

    def _has_adult_declarant(self, household: DeclaredHousehold) -> bool:
        return any(
            is_adult(self.persons[member.idcs].birth_date, on=household.declared_on)
            for member in household.members
            if member.declarant
        )


def has_new_minor(
    household: DeclaredHousehold,
    members: Sequence[RegisteredPerson],
    *,
    kinship: Kinship,
    known: Collection[str],
) -> bool:
    """Say whether a minor comes to be the head of a household, or the head's spouse.

    A minor who is one on file already, as a file may say, is no obstacle to a change.

    Args:
        household: The household as it is to stand.
        members: Its members on file, in the same order.
        kinship: `head` or `spouse`.
        known: The IDCS of those who are one already.
    """
    return any(
        member.kinship == kinship
        and member.idcs not in known
        and not is_adult(person.birth_date, on=household.declared_on)
        for member, person in zip(household.members, members, strict=True)
    )


def is_adult(birth_date: date, *, on: date) -> bool:
    """Return whether a person has reached `ADULT_YEARS` by a day, that day included.

    Source:
        Family Code (law 70-03), art. 209: majority at 18 full years.
    """
    return full_years(birth_date, on=on) >= ADULT_YEARS


def full_years(birth_date: date, *, on: date) -> int:
    """Return a person's age on a day; negative before the birth."""
    birthday_passed = (on.month, on.day) >= (birth_date.month, birth_date.day)
    return on.year - birth_date.year - (not birthday_passed)
