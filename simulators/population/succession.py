"""Who heads a household, declares for it and collects its money after somebody died."""

from simulators.population.people import ADULT_AGE, Household, Member, Payee

# What the others are to a head who was the child of the former head.
SEEN_BY_CHILD = {"child": "sibling", "grandchild": "other", "parent": "other", "sibling": "other"}


def leave_by_death(household: Household, gone: Member) -> None:
    """Take somebody who died out of a household, which may be left empty.

    The spouse becomes head, or else the oldest adult; somebody adult must remain, or nobody.
    """
    members = household.members
    members.remove(gone)
    if not members:
        household.payee = None
        return
    if gone.person.sex == "M" and gone.kinship in {"head", "spouse"}:
        for member in members:
            if member.kinship == "child" and member.age < ADULT_AGE:
                member.orphan_of_father = True
    if gone.head:
        _succeed(members)
    head = household.head
    if not any(member.declarant for member in members):
        head.declarant = True
    payee = household.payee
    if payee is not None and payee.collector is gone.person:
        household.payee = Payee(payee.account, head.person)


def _succeed(members: list[Member]) -> None:
    spouse = next((member for member in members if member.kinship == "spouse"), None)
    heir = spouse or max(members, key=lambda member: member.age)
    if spouse is None:
        relation = SEEN_BY_CHILD if heir.kinship == "child" else {}
        for member in members:
            member.kinship = relation.get(member.kinship, "other")
    else:
        for member in members:
            # The parent or sibling of the dead is an in-law of the new head.
            if member.kinship in {"parent", "sibling"}:
                member.kinship = "other"
    heir.kinship, heir.head = "head", True
    for member in members:
        if member.kinship != "child":
            member.birth_rank = None
    members.sort(key=lambda member: not member.head)
