"""Who may answer for whom: guardians are adults, alive, and answer for nobody who answers for them.

Sources:
    Family Code (law 70-03), art. 230 and 231: legal representatives; law 15-01 on kafala. That the
    registry asks for majority and forbids cycles in so many words is an assumption.
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.households import is_adult
from services.registry.domain.parentage import (
    PARENT_RELATIONS,
    Parent,
    births_fault,
    parent_fault,
)
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import PersonStatus

GUARDIANS_MAX = 10
GENERATIONS_MAX = 20
"""How far up guardians of guardians are looked for; whoever has so many above is given no ward."""


class Candidate(NamedTuple):
    """Somebody who is to answer for another."""

    person_id: UUID
    birth_date: date
    sex: str
    status: str
    births: tuple[date, ...] = ()
    """When the other children of whom they are to be the mother were born."""


class Above(NamedTuple):
    """The guardians of a person, theirs, and so on, as far as all of them act at one instant."""

    persons: frozenset[UUID]
    generations: int


class Held(NamedTuple):
    """Somebody who answers for a person, by what right, and from when until when."""

    guardian_id: UUID
    relation: str
    begun: date
    ended: date | None
    """The last day; None if none is known."""


class Guarded(NamedTuple):
    """A person somebody is to answer for during a period."""

    person_id: UUID
    birth_date: date
    deceased_by: date | None
    """A day on which they were dead; None if they live."""
    held: tuple[Held, ...]
    """Who answers for them at some instant of that period."""
    above_candidate: Above
    """At some instant of that period."""


def may_act(candidate: Candidate, *, on: date) -> bool:
    """Say whether somebody can be a guardian at all on a day."""
    alive = candidate.status != PersonStatus.DECEASED
    return alive and is_adult(candidate.birth_date, on=on)


def guardian_faults(
    candidate: Candidate, guarded: Guarded, *, relation: str, begun: date, ended: date | None
) -> tuple[Reject, ...]:
    """Return why somebody cannot answer for a person during a period; empty if they can."""
    return (
        *_guardian_fault(candidate, guarded, relation=relation, on=begun),
        *_ward_fault(guarded, begun=begun, ended=ended),
        *relation_fault(candidate, guarded, relation=relation),
    )[:1]


def relation_fault(candidate: Candidate, guarded: Guarded, *, relation: str) -> tuple[Reject, ...]:
    """Return why somebody cannot stand in a relation to a person; nobody has two mothers."""
    if code := parent_fault(
        relation, Parent(candidate.birth_date, candidate.sex), born_on=guarded.birth_date
    ):
        return (Reject("relation", code),)
    if code := births_fault(candidate.births, born_on=guarded.birth_date):
        return (Reject("relation", code),)
    if relation in PARENT_RELATIONS and any(held.relation == relation for held in guarded.held):
        return (Reject("relation", RejectCode.PARENT_OTHER),)
    return ()


def _guardian_fault(
    candidate: Candidate, guarded: Guarded, *, relation: str, on: date
) -> tuple[Reject, ...]:
    above = guarded.above_candidate
    known = ((held.guardian_id, held.relation) for held in guarded.held)
    obstacles = (
        (candidate.person_id == guarded.person_id, RejectCode.GUARDIAN_SELF),
        (candidate.status == PersonStatus.DECEASED, RejectCode.PERSON_DECEASED),
        (not may_act(candidate, on=on), RejectCode.GUARDIAN_MINOR),
        ((candidate.person_id, relation) in known, RejectCode.GUARDIAN_KNOWN),
        (_most_at_once(guarded.held, on) >= GUARDIANS_MAX, RejectCode.GUARDIANS_TOO_MANY),
        (guarded.person_id in above.persons, RejectCode.GUARDIAN_CYCLE),
        (above.generations >= GENERATIONS_MAX, RejectCode.GUARDIANS_TOO_MANY),
    )
    return tuple(Reject("guardian", code) for stands, code in obstacles if stands)


def _most_at_once(held: Collection[Held], begun: date) -> int:
    """Return how many answer for a person at once, from the first day of a period on."""
    days = {max(begun, one.begun) for one in held}
    return max(
        (
            sum(one.begun <= day and (one.ended is None or day <= one.ended) for one in held)
            for day in days
        ),
        default=0,
    )


def _ward_fault(guarded: Guarded, *, begun: date, ended: date | None) -> tuple[Reject, ...]:
    """Return why nobody can answer for a person during a period: their life is another one."""
    if begun < guarded.birth_date:
        return (Reject("valid_from", RejectCode.DATE_TOO_OLD),)
    if guarded.deceased_by is None:
        return ()
    if begun > guarded.deceased_by:
        return (Reject("valid_from", RejectCode.PERSON_DECEASED),)
    if ended is None or ended > guarded.deceased_by:
        return (Reject("valid_to", RejectCode.PERSON_DECEASED),)
    return ()
