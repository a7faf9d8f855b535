"""The steps that changes of circumstances are made of."""

import json
from datetime import date

import pytest

from services.registry.domain.declarations import DeclaredHousehold, DeclaredMember
from services.registry.domain.life_events import (
    KINSHIP_TO_SUCCESSOR,
    ChangeRefusedError,
    Succession,
    admit,
    correct,
    household_document,
    take_effect,
    take_leave,
)
from services.registry.domain.lines import LineRules
from services.registry.domain.rejects import RejectCode
from services.registry.domain.vocabulary import Kinship
from tests.services.registry.declaring import a_household, a_member, an_idcs

RULES = LineRules(today=date(2026, 11, 20))
NOBODY = Succession()


def a_home(**kinships: int) -> DeclaredHousehold:
    """Return a household of a head (1) and others by their kinship."""
    line = a_household(1, [1])
    line["members"] += [a_member(number, kinship=kin) for kin, number in kinships.items()]
    read = RULES.read(json.dumps(line))
    assert isinstance(read, DeclaredHousehold)
    return read


def kinships(household: DeclaredHousehold | None) -> dict[str, str]:
    """Return the kinship of each member by their IDCS."""
    assert household is not None
    return {member.idcs: member.kinship for member in household.members}


def refusal(error: pytest.ExceptionInfo[ChangeRefusedError]) -> RejectCode:
    """Return why a change is refused."""
    (reject,) = error.value.rejects
    return reject.code


def test_a_household_goes_on_without_those_who_leave() -> None:
    left = take_leave(a_home(spouse=2, child=3), [an_idcs(3)], succession=NOBODY)
    assert kinships(left) == {an_idcs(1): "head", an_idcs(2): "spouse"}


def test_when_the_last_member_leaves_nothing_remains() -> None:
    assert take_leave(a_home(), [an_idcs(1)], succession=NOBODY) is None


def test_nobody_can_leave_where_they_do_not_live() -> None:
    with pytest.raises(ChangeRefusedError) as error:
        take_leave(a_home(child=2), [an_idcs(3)], succession=NOBODY)
    assert refusal(error) is RejectCode.NOT_A_MEMBER


def test_the_one_who_remains_heads_the_household_and_declares() -> None:
    left = take_leave(a_home(child=2), [an_idcs(1)], succession=NOBODY)
    assert left is not None
    (member,) = left.members
    assert (member.kinship, member.head, member.declarant) == ("head", True, True)


def test_several_who_remain_must_say_who_heads_them() -> None:
    home = a_home(spouse=2, child=3)
    with pytest.raises(ChangeRefusedError) as error:
        take_leave(home, [an_idcs(1)], succession=NOBODY)
    assert refusal(error) is RejectCode.HEAD_LEAVES
    with pytest.raises(ChangeRefusedError) as error:
        take_leave(home, [an_idcs(1)], succession=Succession(an_idcs(1)))
    assert refusal(error) is RejectCode.HEAD_NOT_REPLACED


def test_kinship_is_told_anew_from_the_new_head() -> None:
    home = a_home(spouse=2, child=3, parent=4, sibling=5, grandchild=6)
    by_spouse = take_leave(home, [an_idcs(1)], succession=Succession(an_idcs(2)))
    assert list(kinships(by_spouse).values()) == ["head", "child", "other", "other", "grandchild"]
    by_child = take_leave(home, [an_idcs(1)], succession=Succession(an_idcs(3)))
    assert list(kinships(by_child).values()) == ["parent", "head", "other", "other", "other"]
    by_parent = take_leave(home, [an_idcs(1)], succession=Succession(an_idcs(4)))
    assert list(kinships(by_parent).values()) == ["other", "grandchild", "head", "child", "other"]


def test_a_stated_kinship_counts_before_a_derived_one() -> None:
    said = Succession(an_idcs(2), {an_idcs(3): "grandchild"})
    left = take_leave(a_home(spouse=2, child=3), [an_idcs(1)], succession=said)
    assert kinships(left)[an_idcs(3)] == "grandchild"


def test_nobody_becomes_a_second_head_by_derivation() -> None:
    assert Kinship.HEAD not in KINSHIP_TO_SUCCESSOR.values()


def test_a_household_takes_in_nobody_twice_and_thirty_at_most() -> None:
    home = a_home(child=2)
    guest = home.members[1]
    with pytest.raises(ChangeRefusedError) as error:
        admit(home, [guest])
    assert refusal(error) is RejectCode.MEMBER_DUPLICATE
    crowd = [guest._replace(idcs=an_idcs(number)) for number in range(10, 39)]
    with pytest.raises(ChangeRefusedError) as error:
        admit(home, crowd)
    assert refusal(error) is RejectCode.MEMBERS_TOO_MANY
    assert len(admit(home, crowd[1:]).members) == 30


def test_only_members_are_corrected() -> None:
    home = a_home(child=2)
    stranger = DeclaredMember(an_idcs(3), "child", head=False, declarant=False, facts={})
    with pytest.raises(ChangeRefusedError) as error:
        correct(home, [stranger])
    assert refusal(error) is RejectCode.NOT_A_MEMBER


def test_a_change_that_is_told_late_is_not_put_before_what_stands() -> None:
    home = a_home()
    assert take_effect(home, date(2026, 11, 18)).declared_on == date(2026, 11, 18)
    assert take_effect(home, date(2026, 9, 1)).declared_on == home.declared_on


def test_a_household_says_of_itself_what_its_declaration_said() -> None:
    home = a_home(spouse=2, child=3)
    again = RULES.read(json.dumps(household_document(home)))
    assert again == home._replace(applications=())
