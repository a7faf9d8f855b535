"""The verbs of a declaration: which people and households each names, and what it makes of them.

A verb plans; it neither reads nor writes. What it plans is then judged by the rules of lines, as
any household that an import declares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from services.registry.domain.declarations import DeclaredMember, FactValue
from services.registry.domain.life_events import (
    ChangeRefusedError,
    Succession,
    admit,
    correct,
    take_effect,
)
from services.registry.domain.plans import (
    NamedPerson,
    Plan,
    Standing,
    founding,
    leaving,
    members_of,
    moving,
    one_changed,
)
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.territory import communes
from services.registry.domain.vocabulary import Kinship, PersonStatus

SPOUSES = 2


@dataclass(frozen=True, slots=True)
class Registration:
    """A household that was not on file."""

    code: ClassVar[str] = "registration"
    household: Mapping[str, Any]

    def households(self) -> tuple[UUID, ...]:
        """Name the households that must stand."""
        return ()

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name the persons who must be registered, members of new households aside."""
        return ()

    def plan(self, _: Standing) -> Plan:
        """Found the household; members must live nowhere else."""
        return Plan(founded=self.household)


@dataclass(frozen=True, slots=True)
class Correction:
    """What was declared of a household or its members, said better."""

    code: ClassVar[str] = "correction"
    household_id: UUID
    members: tuple[DeclaredMember, ...] = ()
    facts: Mapping[str, FactValue] | None = None
    milieu: str | None = None
    language: str | None = None
    phone: str | None = None

    def households(self) -> tuple[UUID, ...]:
        """Name the household."""
        return (self.household_id,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name nobody: only members can be corrected."""
        return ()

    def plan(self, standing: Standing) -> Plan:
        """Correct what is said, and leave the rest."""
        household = correct(standing.households[self.household_id], self.members)
        corrected = household._replace(
            facts=household.facts if self.facts is None else self.facts,
            milieu=self.milieu or household.milieu,
            language=self.language or household.language,
            phone=self.phone or household.phone,
        )
        return one_changed(self.household_id, take_effect(corrected, standing.on))


@dataclass(frozen=True, slots=True)
class Move:
    """A household lives elsewhere."""

    code: ClassVar[str] = "move"
    household_id: UUID
    commune: str
    milieu: str
    phone: str | None = None
    """None keeps the number that is on file."""

    def households(self) -> tuple[UUID, ...]:
        """Name the household."""
        return (self.household_id,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name nobody: all members move."""
        return ()

    def plan(self, standing: Standing) -> Plan:
        """Move the household with everybody in it."""
        household = standing.households[self.household_id]
        commune = communes().get(self.commune)
        if commune is None:
            raise ChangeRefusedError(Reject("commune", RejectCode.COMMUNE_UNKNOWN))
        moved = household._replace(
            commune=commune, milieu=self.milieu, phone=self.phone or household.phone
        )
        return one_changed(self.household_id, take_effect(moved, standing.on))


@dataclass(frozen=True, slots=True)
class Birth:
    """A child is born into a household."""

    code: ClassVar[str] = "birth"
    household_id: UUID
    newborn: Mapping[str, Any]
    """The child as a line of an import says a person."""
    member: DeclaredMember
    mother: str | None = None
    father: str | None = None

    def households(self) -> tuple[UUID, ...]:
        """Name the household."""
        return (self.household_id,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name the parents."""
        parents = (("mother", self.mother), ("father", self.father))
        return tuple(NamedPerson(part, idcs, part) for part, idcs in parents if idcs is not None)

    def plan(self, standing: Standing) -> Plan:
        """Add the child to the household."""
        household = admit(standing.households[self.household_id], [self.member])
        return one_changed(self.household_id, take_effect(household, standing.on))


@dataclass(frozen=True, slots=True)
class Death:
    """A person has died, whether or not they lived in a household on file."""

    code: ClassVar[str] = "death"
    person: str
    successions: Mapping[UUID, Succession] = field(default_factory=dict)

    def households(self) -> tuple[UUID, ...]:
        """Name none: the household is where the person lived."""
        return ()

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name the deceased."""
        return (NamedPerson("person", self.person, "deceased"),)

    def plan(self, standing: Standing) -> Plan:
        """Let the deceased's household go on without them."""
        if self.person not in standing.lives_in:
            return Plan()
        return leaving(standing, [self.person], self.successions)


@dataclass(frozen=True, slots=True)
class Departure:
    """A member leaves a household for none that is on file."""

    code: ClassVar[str] = "departure"
    household_id: UUID
    person: str
    successions: Mapping[UUID, Succession] = field(default_factory=dict)

    def households(self) -> tuple[UUID, ...]:
        """Name the household."""
        return (self.household_id,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name who leaves."""
        return (NamedPerson("person", self.person, "departed"),)

    def plan(self, standing: Standing) -> Plan:
        """Let the household go on without them."""
        if standing.lives_in.get(self.person) != self.household_id:
            raise ChangeRefusedError(Reject("person", RejectCode.NOT_A_MEMBER))
        return leaving(standing, [self.person], self.successions)


@dataclass(frozen=True, slots=True)
class Marriage:
    """Two people marry: one joins the other's household, or both found one of their own."""

    code: ClassVar[str] = "marriage"
    spouses: tuple[str, str]
    joins: UUID | None = None
    member: DeclaredMember | None = None
    """The spouse who joins, as a member of that household."""
    founds: Mapping[str, Any] | None = None
    successions: Mapping[UUID, Succession] = field(default_factory=dict)

    def households(self) -> tuple[UUID, ...]:
        """Name the household that is joined."""
        return () if self.joins is None else (self.joins,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name the spouses, and whom they take along."""
        spouses = [NamedPerson("spouses", idcs, "spouse") for idcs in self.spouses]
        return (*spouses, *_taken_along(self.founds, self.spouses))

    def plan(self, standing: Standing) -> Plan:
        """Move whoever moves."""
        if self.founds is not None:
            if not {*self.spouses} <= {*members_of(self.founds)}:
                raise ChangeRefusedError(Reject("founds", RejectCode.SPOUSES_NOT_TWO))
            return founding(standing, self.founds, self.successions)
        return self._joining(standing)

    def _joining(self, standing: Standing) -> Plan:
        if self.joins is None or self.member is None:
            raise ChangeRefusedError(Reject("joins", RejectCode.FIELD_MISSING))
        lives = [standing.lives_in.get(spouse) == self.joins for spouse in self.spouses]
        if lives.count(True) != 1 or self.member.idcs != self.spouses[lives.index(False)]:
            raise ChangeRefusedError(Reject("member.idcs", RejectCode.SPOUSES_NOT_TWO))
        return moving(standing, [self.member], self.joins, self.successions)


@dataclass(frozen=True, slots=True)
class Separation:
    """Some members leave a household together, for another or for one of their own."""

    code: ClassVar[str] = "separation"
    household_id: UUID
    joins: UUID | None = None
    members: tuple[DeclaredMember, ...] = ()
    """Those who join the other household, as members of it."""
    founds: Mapping[str, Any] | None = None
    successions: Mapping[UUID, Succession] = field(default_factory=dict)

    def households(self) -> tuple[UUID, ...]:
        """Name the household that is left, and the one that is joined."""
        return (self.household_id,) if self.joins is None else (self.household_id, self.joins)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name who leaves."""
        joining = [NamedPerson("members", member.idcs, "separated") for member in self.members]
        founding = [] if self.founds is None else members_of(self.founds)
        return (*joining, *(NamedPerson("founds", idcs, "separated") for idcs in founding))

    def plan(self, standing: Standing) -> Plan:
        """Move whoever moves; all of them must live in the household that is left."""
        leavers = {standing.lives_in.get(person.idcs) for person in self.persons()}
        if leavers != {self.household_id}:
            raise ChangeRefusedError(Reject("members", RejectCode.NOT_A_MEMBER))
        if self.founds is not None:
            return founding(standing, self.founds, self.successions)
        if self.joins is None or self.joins == self.household_id:
            raise ChangeRefusedError(Reject("joins", RejectCode.HOUSEHOLDS_NOT_TWO))
        return moving(standing, self.members, self.joins, self.successions)


@dataclass(frozen=True, slots=True)
class Merge:
    """The members of one household all join another, and theirs ends."""

    code: ClassVar[str] = "merge"
    household_id: UUID
    into: UUID
    members: tuple[DeclaredMember, ...] = ()
    """Members as they are in the other household; who is left out is an `other` there."""

    def households(self) -> tuple[UUID, ...]:
        """Name both households."""
        return (self.household_id, self.into)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name nobody: all members move."""
        return ()

    def plan(self, standing: Standing) -> Plan:
        """Let the one household take in everybody of the other."""
        if self.household_id == self.into:
            raise ChangeRefusedError(Reject("into", RejectCode.HOUSEHOLDS_NOT_TWO))
        ended = correct(standing.households[self.household_id], self.members)
        said = {member.idcs for member in self.members}
        joining = [
            member
            if member.idcs in said
            else member._replace(kinship=Kinship.OTHER.value, head=False, declarant=False)
            for member in ended.members
        ]
        joined = take_effect(admit(standing.households[self.into], joining), standing.on)
        return Plan(
            changed=((self.into, joined),),
            dissolved=(self.household_id,),
            into=self.into,
            main=self.into,
        )


@dataclass(frozen=True, slots=True)
class Review:
    """The yearly going-through: everything on file is still true."""

    code: ClassVar[str] = "review"
    household_id: UUID

    def households(self) -> tuple[UUID, ...]:
        """Name the household."""
        return (self.household_id,)

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name nobody."""
        return ()

    def plan(self, standing: Standing) -> Plan:
        """Confirm the household as it is; the date of the next review is counted from now."""
        household = standing.households[self.household_id]
        reviewed = take_effect(household, standing.on)._replace(review_on=None)
        return one_changed(self.household_id, reviewed)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A person's registration is suspended, or in force again."""

    code: str
    """`suspension` or `reinstatement`."""
    person: str

    @property
    def status(self) -> PersonStatus:
        """Return the status that the person has from then on."""
        return PersonStatus.SUSPENDED if self.code == "suspension" else PersonStatus.ACTIVE

    def households(self) -> tuple[UUID, ...]:
        """Name none."""
        return ()

    def persons(self) -> tuple[NamedPerson, ...]:
        """Name the person."""
        part = "suspended" if self.code == "suspension" else "reinstated"
        return (NamedPerson("person", self.person, part),)

    def plan(self, _: Standing) -> Plan:
        """Leave households as they are: a suspended member still lives there."""
        return Plan()


Verb: TypeAlias = (
    Registration
    | Correction
    | Move
    | Birth
    | Death
    | Departure
    | Marriage
    | Separation
    | Merge
    | Review
    | StatusChange
)


def _taken_along(
    document: Mapping[str, Any] | None, besides: Sequence[str]
) -> Iterable[NamedPerson]:
    members = [] if document is None else members_of(document)
    return [NamedPerson("founds", idcs, "member") for idcs in members if idcs not in besides]
