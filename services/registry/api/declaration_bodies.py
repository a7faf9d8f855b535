"""Declarations as they are sent: one body per verb, told apart by `verb`."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from services.registry.api.days import Day
from services.registry.api.declared import (
    CommuneCode,
    FactsSaid,
    ForwardedSaid,
    HouseholdSaid,
    Idcs,
    MemberSaid,
    NewbornMember,
    NewbornSaid,
    Phone,
    Said,
)
from services.registry.domain import declared_verbs as verbs
from services.registry.domain.life_events import Succession
from services.registry.domain.lines import MEMBERS_MAX
from services.registry.domain.vocabulary import EvidenceKind, Kinship, Language, Milieu
from services.registry.use_cases.declaration_made import DeclarationMade

HOUSEHOLDS_LEFT_MAX = 10
REFERENCE_CHARACTERS_MAX = 100


class Evidence(Said):
    """The document that proves what is declared."""

    kind: EvidenceKind
    reference: Annotated[str, Field(min_length=1, max_length=REFERENCE_CHARACTERS_MAX)] | None = (
        None
    )
    """The document's own number; it is kept sealed."""


class KinshipSaid(Said):
    """What a member is to the head of a household."""

    idcs: Idcs
    kinship: Kinship


class SuccessionSaid(Said):
    """Who heads a household that its head leaves."""

    household_id: UUID
    head: Idcs
    kinships: Annotated[list[KinshipSaid], Field(max_length=MEMBERS_MAX)] = Field(
        default_factory=list
    )
    """What members are to the new head, where it does not follow from what they were."""


Successions = Annotated[list[SuccessionSaid], Field(max_length=HOUSEHOLDS_LEFT_MAX)]
Members = Annotated[list[MemberSaid], Field(max_length=MEMBERS_MAX)]


class _Declared(Said):
    occurred_on: Day
    evidence: Evidence
    declared_by: Idcs | None = None
    """The adult who declares."""


class _DeclaredAsking(_Declared):
    forwarded: ForwardedSaid | None = None
    """What the household asks of programmes and of payments."""


class RegistrationBody(_DeclaredAsking):
    """A household that is not on file; its members must live in no other."""

    verb: Literal["registration"]
    household: HouseholdSaid

    def as_verb(self) -> verbs.Registration:
        """Return the verb as the rules know it."""
        return verbs.Registration(self.household.as_line())


class CorrectionBody(_DeclaredAsking):
    """What is on file, said better: each member stated replaces what was said of them."""

    verb: Literal["correction"]
    household_id: UUID
    members: Members = Field(default_factory=list)
    facts: FactsSaid | None = None
    milieu: Milieu | None = None
    language: Language | None = None
    phone: Phone | None = None

    def as_verb(self) -> verbs.Correction:
        """Return the verb as the rules know it."""
        return verbs.Correction(
            self.household_id,
            tuple(member.as_member() for member in self.members),
            None if self.facts is None else self.facts.model_dump(mode="json"),
            self.milieu,
            self.language,
            self.phone,
        )


class MoveBody(_Declared):
    """A household lives elsewhere; without a phone the old number stays."""

    verb: Literal["move"]
    household_id: UUID
    commune: CommuneCode
    milieu: Milieu
    phone: Phone | None = None

    def as_verb(self) -> verbs.Move:
        """Return the verb as the rules know it."""
        return verbs.Move(self.household_id, self.commune, self.milieu, self.phone)


class BirthBody(_Declared):
    """A child is born; it came about on the birth date."""

    verb: Literal["birth"]
    household_id: UUID
    newborn: NewbornSaid
    member: NewbornMember
    mother: Idcs | None = None
    father: Idcs | None = None

    def as_verb(self) -> verbs.Birth:
        """Return the verb as the rules know it."""
        return verbs.Birth(
            self.household_id,
            self.newborn.model_dump(mode="json"),
            self.member.as_member(self.newborn.idcs),
            self.mother,
            self.father,
        )


class DeathBody(_Declared):
    """A person has died."""

    verb: Literal["death"]
    person: Idcs
    successions: Successions = Field(default_factory=list)

    def as_verb(self) -> verbs.Death:
        """Return the verb as the rules know it."""
        return verbs.Death(self.person, _successions(self.successions))


class DepartureBody(_Declared):
    """A member leaves for no household on file."""

    verb: Literal["departure"]
    household_id: UUID
    person: Idcs
    successions: Successions = Field(default_factory=list)

    def as_verb(self) -> verbs.Departure:
        """Return the verb as the rules know it."""
        return verbs.Departure(self.household_id, self.person, _successions(self.successions))


class MarriageBody(_DeclaredAsking):
    """Two people marry: one joins the other's household as `member`, or both found one."""

    verb: Literal["marriage"]
    spouses: Annotated[list[Idcs], Field(min_length=verbs.SPOUSES, max_length=verbs.SPOUSES)]
    joins: UUID | None = None
    member: MemberSaid | None = None
    founds: HouseholdSaid | None = None
    successions: Successions = Field(default_factory=list)

    def as_verb(self) -> verbs.Marriage:
        """Return the verb as the rules know it."""
        return verbs.Marriage(
            (self.spouses[0], self.spouses[1]),
            self.joins,
            None if self.member is None else self.member.as_member(),
            None if self.founds is None else self.founds.as_line(),
            _successions(self.successions),
        )


class SeparationBody(_DeclaredAsking):
    """Some members leave together, to join a household as `members` or to found one."""

    verb: Literal["separation"]
    household_id: UUID
    joins: UUID | None = None
    members: Members = Field(default_factory=list)
    founds: HouseholdSaid | None = None
    successions: Successions = Field(default_factory=list)

    def as_verb(self) -> verbs.Separation:
        """Return the verb as the rules know it."""
        return verbs.Separation(
            self.household_id,
            self.joins,
            tuple(member.as_member() for member in self.members),
            None if self.founds is None else self.founds.as_line(),
            _successions(self.successions),
        )


class MergeBody(_Declared):
    """Everybody in one household joins another; who is not stated is an `other` there."""

    verb: Literal["merge"]
    household_id: UUID
    into: UUID
    members: Members = Field(default_factory=list)

    def as_verb(self) -> verbs.Merge:
        """Return the verb as the rules know it."""
        return verbs.Merge(
            self.household_id, self.into, tuple(member.as_member() for member in self.members)
        )


class ReviewBody(_Declared):
    """Everything on file is still true."""

    verb: Literal["review"]
    household_id: UUID

    def as_verb(self) -> verbs.Review:
        """Return the verb as the rules know it."""
        return verbs.Review(self.household_id)


class StatusBody(_Declared):
    """A person's registration is suspended, or in force again."""

    verb: Literal["suspension", "reinstatement"]
    person: Idcs

    def as_verb(self) -> verbs.StatusChange:
        """Return the verb as the rules know it."""
        return verbs.StatusChange(self.verb, self.person)


DeclarationBody: TypeAlias = Annotated[
    RegistrationBody
    | CorrectionBody
    | MoveBody
    | BirthBody
    | DeathBody
    | DepartureBody
    | MarriageBody
    | SeparationBody
    | MergeBody
    | ReviewBody
    | StatusBody,
    Field(discriminator="verb"),
]


def declaration_made(body: DeclarationBody) -> DeclarationMade:
    """Return the declaration as use cases know it."""
    forwarded = body.forwarded if isinstance(body, _DeclaredAsking) else None
    return DeclarationMade(
        verb=body.as_verb(),
        occurred_on=body.occurred_on,
        evidence_kind=body.evidence.kind.value,
        evidence_reference=body.evidence.reference,
        declared_by=body.declared_by,
        forwarded={} if forwarded is None else forwarded.as_line(),
    )


def _successions(said: list[SuccessionSaid]) -> Mapping[UUID, Succession]:
    return {
        item.household_id: Succession(
            item.head, {kin.idcs: kin.kinship.value for kin in item.kinships}
        )
        for item in said
    }
