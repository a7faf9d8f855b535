"""Who may marry whom, as far as the registry can tell.

Sources:
    Family Code (law 70-03), art. 4: a man and a woman; art. 35 to 39: kin by blood, milk or
    marriage, and a woman who is married, are barred; art. 40 to 46: a man may be allowed a second
    wife. Whom a guardian may marry no text of the registry says: that a ward is barred for as long
    as one answers for the other is an assumption.

    What ends a marriage for the registry is an assumption as well. A woman is somebody's wife until
    he dies, or one of them, head or spouse of a household, leaves it by a separation declared with
    a judgment of divorce, wherever the other lives: to leave his household, or to be listed there
    no more, ends nothing. If a household said it in error, a correction of the kinships while both
    live there takes it back. A divorce or an annulment that was never told is told by the evidence
    of her next marriage, a judgment of divorce, and ends all that she was in before. What allows a
    minor to marry is a judicial decision, which says nothing of a husband.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.registry.domain.declarations import DeclaredHousehold, DeclaredMember
from services.registry.domain.rejects import RejectCode
from services.registry.domain.vocabulary import EvidenceKind, Kinship, Sex

_SPOUSES = frozenset({Kinship.HEAD, Kinship.SPOUSE})
_NO_KIN = frozenset(
    {
        _SPOUSES,
        frozenset({Kinship.PARENT}),
        frozenset({Kinship.SPOUSE}),
        frozenset({Kinship.SPOUSE, Kinship.SIBLING}),
        frozenset({Kinship.GRANDCHILD}),
    }
)
"""What two members who may be no kin are to their head; whoever is an `other` may be none too."""


class Betrothed(NamedTuple):
    """Somebody who is to marry, man or woman, and where they live."""

    idcs: str
    sex: str
    household: DeclaredHousehold | None


class Ties(NamedTuple):
    """What is on file of two people beside the households that they live in."""

    guarded: bool
    """One of them is the other's parent, or answers for them on that day."""
    married: bool
    """They declared a marriage, and no divorce since."""
    husband: bool
    """The woman has another husband who lives, as was declared or as a household last said."""


def marriage_fault(
    one: Betrothed, other: Betrothed, *, ties: Ties, deceased: Collection[str], evidence: str
) -> RejectCode | None:
    """Return why two people cannot marry, if they cannot.

    Args:
        one: The one of them.
        other: The other.
        ties: What is on file of both.
        deceased: Who is on file as deceased and still a member, by IDCS.
        evidence: What proves the marriage.
    """
    if one.idcs == other.idcs:
        return RejectCode.SPOUSES_NOT_TWO
    if one.sex == other.sex:
        return RejectCode.SPOUSES_ONE_SEX
    kinships = _kinships(one, other)
    is_divorced = evidence == EvidenceKind.DIVORCE_JUDGMENT
    if (ties.married and not is_divorced) or kinships == _SPOUSES:
        return RejectCode.SPOUSES_KNOWN
    if ties.guarded or _are_kin(kinships):
        return RejectCode.SPOUSES_KIN
    bride = one if one.sex == Sex.FEMALE else other
    is_married = (ties.husband and not is_divorced) or _has_husband(bride, deceased)
    return RejectCode.SPOUSE_MARRIED if is_married else None


def _kinships(one: Betrothed, other: Betrothed) -> frozenset[str]:
    """Return what both are to the head of the household that they share; empty if none."""
    members: Sequence[DeclaredMember] = () if one.household is None else one.household.members
    kinship_of = {member.idcs: member.kinship for member in members}
    if other.idcs not in kinship_of:
        return frozenset()
    return frozenset({kinship_of[one.idcs], kinship_of[other.idcs]})


def _are_kin(kinships: frozenset[str]) -> bool:
    return bool(kinships) and Kinship.OTHER not in kinships and kinships not in _NO_KIN


def _has_husband(bride: Betrothed, deceased: Collection[str]) -> bool:
    """Say whether a woman is the spouse of a head who lives, or heads a household with a spouse."""
    members = () if bride.household is None else bride.household.members
    kinship = next((item.kinship for item in members if item.idcs == bride.idcs), None)
    if kinship not in _SPOUSES:
        return False
    (wanted,) = _SPOUSES - {kinship}
    return any(item.kinship == wanted and item.idcs not in deceased for item in members)
