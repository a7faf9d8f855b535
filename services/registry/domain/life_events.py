"""What a change of circumstances makes of a household: pure steps that the verbs are made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from services.registry.domain.declarations import DeclaredHousehold, DeclaredMember
from services.registry.domain.lines import MEMBERS_MAX
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import Kinship

_CHILD, _GRANDCHILD, _PARENT = Kinship.CHILD, Kinship.GRANDCHILD, Kinship.PARENT
_SIBLING, _SPOUSE = Kinship.SIBLING, Kinship.SPOUSE

KINSHIP_TO_SUCCESSOR: Mapping[tuple[Kinship, Kinship], Kinship] = MappingProxyType(
    {
        (_SPOUSE, _CHILD): _CHILD,
        (_SPOUSE, _GRANDCHILD): _GRANDCHILD,
        (_CHILD, _SPOUSE): _PARENT,
        (_CHILD, _CHILD): _SIBLING,
        (_PARENT, _CHILD): _GRANDCHILD,
        (_PARENT, _PARENT): _SPOUSE,
        (_PARENT, _SIBLING): _CHILD,
        (_SIBLING, _PARENT): _PARENT,
        (_SIBLING, _SIBLING): _SIBLING,
    }
)
"""What a member is to a new head, by what the new head and the member were to the old one.

Whoever is not listed becomes `other`; a declaration may say better.
"""


class ChangeRefusedError(Exception):
    """A change contradicts what is recorded, or itself; it says where and why."""

    def __init__(self, *rejects: Reject) -> None:
        """Keep the reasons."""
        super().__init__(*(reject.code.value for reject in rejects))
        self.rejects = rejects


@dataclass(frozen=True, slots=True)
class Succession:
    """Who heads a household that its head leaves; the others' kinship where it is not derived."""

    head: str | None = None
    """The new head's IDCS; may be left out if one member remains."""
    kinships: Mapping[str, str] = field(default_factory=dict)
    """What members are to the new head, by IDCS."""


def take_leave(
    household: DeclaredHousehold, leaving: Collection[str], *, succession: Succession
) -> DeclaredHousehold | None:
    """Return a household without some members; None if nobody remains.

    Raises:
        ChangeRefusedError: Somebody does not live there, or nobody follows a head who leaves.
    """
    members = {member.idcs: member for member in household.members}
    if not members.keys() >= set(leaving):
        raise ChangeRefusedError(Reject("members", RejectCode.NOT_A_MEMBER))
    remaining = [member for member in household.members if member.idcs not in leaving]
    if not remaining:
        return None
    if not any(member.head for member in remaining):
        remaining = _succeeded(remaining, succession)
    return household._replace(members=tuple(_with_declarant(remaining)))


def _succeeded(members: Sequence[DeclaredMember], succession: Succession) -> list[DeclaredMember]:
    """Return members under a new head."""
    chosen = members[0].idcs if len(members) == 1 else succession.head
    if chosen is None:
        raise ChangeRefusedError(Reject("successions", RejectCode.HEAD_LEAVES))
    head = next((member for member in members if member.idcs == chosen), None)
    if head is None:
        raise ChangeRefusedError(Reject("successions", RejectCode.HEAD_NOT_REPLACED))
    was = Kinship(head.kinship)
    return [
        member._replace(kinship=Kinship.HEAD.value, head=True)
        if member is head
        else member._replace(kinship=_kinship(member, was, succession))
        for member in members
    ]


def _kinship(member: DeclaredMember, head_was: Kinship, succession: Succession) -> str:
    derived = KINSHIP_TO_SUCCESSOR.get((head_was, Kinship(member.kinship)), Kinship.OTHER)
    return succession.kinships.get(member.idcs, derived.value)


def _with_declarant(members: Sequence[DeclaredMember]) -> Sequence[DeclaredMember]:
    """Let the head declare from now on, if whoever did is gone."""
    if any(member.declarant for member in members):
        return members
    return [member._replace(declarant=member.head) for member in members]


def admit(household: DeclaredHousehold, joining: Sequence[DeclaredMember]) -> DeclaredHousehold:
    """Return a household with more members.

    Raises:
        ChangeRefusedError: There would be too many, or somebody lives there already.
    """
    known = {member.idcs for member in household.members}
    if any(member.idcs in known for member in joining):
        raise ChangeRefusedError(Reject("members", RejectCode.MEMBER_DUPLICATE))
    if len(known) + len(joining) > MEMBERS_MAX:
        raise ChangeRefusedError(Reject("members", RejectCode.MEMBERS_TOO_MANY))
    return household._replace(members=(*household.members, *joining))


def correct(household: DeclaredHousehold, corrected: Sequence[DeclaredMember]) -> DeclaredHousehold:
    """Return a household whose named members are as they are now said to be.

    Raises:
        ChangeRefusedError: Somebody named does not live there.
    """
    said = {member.idcs: member for member in corrected}
    if not said.keys() <= {member.idcs for member in household.members}:
        raise ChangeRefusedError(Reject("members", RejectCode.NOT_A_MEMBER))
    return household._replace(
        members=tuple(said.get(member.idcs, member) for member in household.members)
    )


def take_effect(household: DeclaredHousehold, on: date) -> DeclaredHousehold:
    """Return a household as it is from a day on, or from its latest version if that is later.

    Why: what was declared since stands; a change that is told late is not put before it.
    """
    return household._replace(declared_on=max(household.declared_on, on))


def household_document(household: DeclaredHousehold) -> dict[str, Any]:
    """Return a household as a line of an import says it, so that the rules of lines judge it."""
    payee = household.payee_account
    return {
        "type": "household",
        "reference": household.reference,
        "commune": household.commune.commune_code,
        "milieu": household.milieu,
        "language": household.language,
        "phone": household.phone,
        "declared_on": household.declared_on.isoformat(),
        "members": [
            {
                "idcs": member.idcs,
                "kinship": member.kinship,
                "head": member.head,
                "declarant": member.declarant,
                **member.facts,
            }
            for member in household.members
        ],
        "facts": dict(household.facts),
        "attestations": [],
        "applications": [],
        "payee_account": None if payee is None else payee._asdict(),
    }
