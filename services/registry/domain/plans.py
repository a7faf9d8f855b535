"""What a declaration plans: what becomes of the households that people leave, join or found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.declarations import DeclaredHousehold, DeclaredMember
from services.registry.domain.life_events import Succession, admit, take_effect, take_leave

_NO_SUCCESSION = Succession()
_PARTS_OF_STATUS = ("deceased", "suspended", "reinstated")


class NamedPerson(NamedTuple):
    """Somebody a declaration names, where it does so, and their part in it."""

    field: str
    idcs: str
    part: str

    def is_stranger(
        self, *, stands_in: str, lives_in: str | None, regions: Collection[str]
    ) -> bool:
        """Say whether whoever holds some regions must not learn that this person exists.

        Whoever stands in such a region by their own record, or lives in a household there, is
        none; but a status is changed where the person's own record stands.

        Args:
            stands_in: The region of the person's own record.
            lives_in: The region of their household, if they live in one.
            regions: Region codes that are held, `*` for all of them.
        """
        known_by = {stands_in} if self.part in _PARTS_OF_STATUS else {stands_in, lives_in}
        return known_by.isdisjoint(regions) and EVERY_REGION not in regions


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of those whom a declaration names, before it takes effect."""

    on: date
    """The day from which the change is true."""
    households: Mapping[UUID, DeclaredHousehold]
    lives_in: Mapping[str, UUID]
    """The household of each person who lives in one, by IDCS."""
    deceased: Collection[str] = ()
    """Who is on file as deceased and still a member, by IDCS: a file told of the death."""

    def household_of(self, idcs: str) -> DeclaredHousehold | None:
        """Return the household that somebody lives in, None if in none."""
        home = self.lives_in.get(idcs)
        return None if home is None else self.households.get(home)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a declaration makes of households; those that people leave come first."""

    changed: tuple[tuple[UUID, DeclaredHousehold], ...] = ()
    dissolved: tuple[UUID, ...] = ()
    into: UUID | None = None
    """The household that the members of the dissolved one join together."""
    founded: Mapping[str, Any] | None = None
    """A new household as a line of an import says it, its reference and day aside."""
    main: UUID | None = None
    """The household that the declaration is about; None if it is the founded one, or none."""


def one_changed(household_id: UUID, household: DeclaredHousehold) -> Plan:
    """Plan a change of the household that the declaration is about."""
    return Plan(changed=((household_id, household),), main=household_id)


def members_of(document: Mapping[str, Any]) -> list[str]:
    """Return the IDCS of the members of a new household."""
    return [member["idcs"] for member in document["members"]]


def leaving(
    standing: Standing, leavers: Iterable[str], successions: Mapping[UUID, Succession]
) -> Plan:
    """Plan what becomes of the households that people leave; their deceased leave as well."""
    left: dict[UUID, list[str]] = {}
    for idcs in leavers:
        if idcs in standing.lives_in:
            left.setdefault(standing.lives_in[idcs], []).append(idcs)
    changed, dissolved = [], []
    for household_id, members in left.items():
        household = standing.households[household_id]
        deceased = [item.idcs for item in household.members if item.idcs in standing.deceased]
        remaining = take_leave(
            household,
            {*members, *deceased},
            succession=successions.get(household_id, _NO_SUCCESSION),
        )
        if remaining is None:
            dissolved.append(household_id)
        else:
            changed.append((household_id, take_effect(remaining, standing.on)))
    main = next(iter(left), None)
    return Plan(changed=tuple(changed), dissolved=tuple(dissolved), main=main)


def moving(
    standing: Standing,
    joining: Sequence[DeclaredMember],
    into: UUID,
    successions: Mapping[UUID, Succession],
) -> Plan:
    """Plan that people join a household, and leave where they lived."""
    left = leaving(standing, [member.idcs for member in joining], successions)
    joined = take_effect(admit(standing.households[into], joining), standing.on)
    return Plan(changed=(*left.changed, (into, joined)), dissolved=left.dissolved, main=into)


def founding(
    standing: Standing, founded: Mapping[str, Any], successions: Mapping[UUID, Succession]
) -> Plan:
    """Plan that people found a household, and leave where they lived."""
    left = leaving(standing, members_of(founded), successions)
    return Plan(changed=left.changed, dissolved=left.dissolved, founded=founded)
