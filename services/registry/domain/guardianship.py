"""Who may answer for whom: guardians are adults, alive, and answer for nobody who answers for them.

Sources:
    Family Code (law 70-03), art. 230 and 231: legal representatives; law 15-01 on kafala. That the
    registry asks for majority and forbids cycles in so many words is an assumption.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.households import is_adult
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import PersonStatus

GUARDIANS_MAX = 10
GENERATIONS_MAX = 20
"""How far up guardians of guardians are looked for; whoever has so many above is given no ward."""


class Candidate(NamedTuple):
    """Somebody who is to answer for another."""

    person_id: UUID
    birth_date: date
    status: str


class Above(NamedTuple):
    """The guardians of a person, theirs, and so on, as far as all of them act at one instant."""

    persons: frozenset[UUID]
    generations: int


class Guarded(NamedTuple):
    """Who answers for a person now: guardian and relation, and who is above the candidate."""

    person_id: UUID
    guardians: tuple[tuple[UUID, str], ...]
    above_candidate: Above
    """At some instant of the period in which the candidate is to act."""


def may_act(candidate: Candidate, *, on: date) -> bool:
    """Say whether somebody can be a guardian at all on a day."""
    alive = candidate.status != PersonStatus.DECEASED
    return alive and is_adult(candidate.birth_date, on=on)


def guardian_faults(
    candidate: Candidate, guarded: Guarded, *, relation: str, on: date
) -> tuple[Reject, ...]:
    """Return why somebody cannot answer for a person from a day on; empty if they can."""
    obstacles = (
        (candidate.person_id == guarded.person_id, RejectCode.GUARDIAN_SELF),
        (candidate.status == PersonStatus.DECEASED, RejectCode.PERSON_DECEASED),
        (not may_act(candidate, on=on), RejectCode.GUARDIAN_MINOR),
        ((candidate.person_id, relation) in guarded.guardians, RejectCode.GUARDIAN_KNOWN),
        (len(guarded.guardians) >= GUARDIANS_MAX, RejectCode.GUARDIANS_TOO_MANY),
        (guarded.person_id in guarded.above_candidate.persons, RejectCode.GUARDIAN_CYCLE),
        (
            guarded.above_candidate.generations >= GENERATIONS_MAX,
            RejectCode.GUARDIANS_TOO_MANY,
        ),
    )
    return tuple(Reject("guardian", code) for stands, code in obstacles if stands)[:1]
