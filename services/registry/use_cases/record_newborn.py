"""Register a newborn, and who its parents are."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from string import digits

from services.registry.domain.declarations import DeclaredPerson
from services.registry.domain.declared_verbs import Birth
from services.registry.domain.guardianship import Candidate, may_act
from services.registry.domain.identifiers import CheckDigit
from services.registry.domain.lines import LineRules
from services.registry.domain.parentage import births_fault
from services.registry.domain.plans import NamedPerson
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.reviews import is_newborn
from services.registry.domain.vocabulary import EvidenceKind, Kinship
from services.registry.storage.guardianships import (
    Guardianship,
    add_guardianships,
    births_of,
    guardianships_between,
)
from services.registry.storage.standing import KnownPerson
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import refused
from services.registry.use_cases.declaration_made import DeclarationMade, Declarer
from services.registry.use_cases.give_receipt import Subject
from services.registry.use_cases.name_people import name_people
from services.registry.use_cases.read_declared import read_declared_person
from services.registry.use_cases.record_persons import (
    PersonsOutcome,
    Recording,
    record_declared_persons,
)
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

NO_NEWBORN = frozenset({Kinship.HEAD, Kinship.SPOUSE, Kinship.PARENT})
"""What no newborn is to the head of a household."""
IDCS_STEM_FIRST = 200_000_000
IDCS_STEMS = 800_000_000
"""How many numbers there are without the check digit: nine digits, the first from 2 to 9."""


@dataclass(frozen=True, slots=True)
class Newborn:
    """A child on file, for as long as the declaration is judged."""

    birth: Birth
    """The declaration, which names the child by another number if its own is taken."""
    subject: Subject
    is_taken: bool
    """The number is somebody else's: refused once everything else has been judged."""


async def record_newborn(
    tx: Transaction,
    made: DeclarationMade,
    birth: Birth,
    *,
    recording: Recording,
    using: Collaborators,
) -> Newborn:
    """Record the child as a person, unless the population register has told of it already.

    If the IDCS is on file under another description, or in another region, the child stands under
    a number that nobody has, until the declaration is refused. Why: whoever only wants to know
    whether a number is taken has then declared a birth.

    Args:
        tx: The transaction of the declaration; it must see every region, and hold the child.
        made: The declaration.
        birth: Its verb.
        recording: The circumstances.
        using: The registry's means.

    Raises:
        DeclarationRefusedError: The child's particulars break a rule, or were not born that day.
    """
    rules = LineRules(
        today=recording.on, algorithm=using.rules.algorithm, regions=recording.regions
    )
    child = read_declared_person(rules, birth.newborn, at="newborn")
    _judge(child, made, birth, today=recording.on)
    outcome = await record_declared_persons(tx, [child], recording=recording, using=using)
    is_taken = _is_taken(outcome)
    while _is_taken(outcome):
        child = child._replace(idcs=_any_idcs(using.rules.algorithm))
        outcome = await record_declared_persons(tx, [child], recording=recording, using=using)
    named = NamedPerson("newborn.idcs", child.idcs, "newborn")
    people = await name_people(tx, [named], regions=recording.regions, using=using)
    known = people[child.idcs]
    return Newborn(
        replace(birth, member=birth.member._replace(idcs=child.idcs)),
        Subject("newborn", known.region_code, known.person_id),
        is_taken,
    )


def _judge(child: DeclaredPerson, made: DeclarationMade, birth: Birth, *, today: date) -> None:
    """Refuse a child that cannot be one, whoever is on file."""
    if child.idcs != birth.member.idcs:
        raise refused(Reject("member.idcs", RejectCode.NOT_A_MEMBER))
    if birth.member.kinship in NO_NEWBORN:
        raise refused(Reject("member.kinship", RejectCode.NEWBORN_KINSHIP))
    if child.birth_date != made.occurred_on:
        raise refused(Reject("newborn.birth_date", RejectCode.BIRTH_DATE_DIFFERS))
    if not is_newborn(child.birth_date, on=today):
        raise refused(Reject("newborn.birth_date", RejectCode.NEWBORN_TOO_OLD))
    if birth.mother is not None and birth.mother == birth.father:
        raise refused(Reject("father", RejectCode.PARENTS_SAME))
    parts = {"mother": birth.mother, "father": birth.father, "declared_by": made.declared_by}
    if oneself := [part for part, idcs in parts.items() if idcs == child.idcs]:
        raise refused(*(Reject(part, RejectCode.PERSON_UNKNOWN) for part in oneself))


def _is_taken(outcome: PersonsOutcome) -> bool:
    return bool(outcome.rejects or (outcome.recorded and not outcome.first_lines))


def _any_idcs(algorithm: CheckDigit) -> str:
    """Return a well-formed number at random."""
    stem = f"{IDCS_STEM_FIRST + secrets.randbelow(IDCS_STEMS)}"
    return next(stem + digit for digit in digits if algorithm.holds(stem + digit))


async def link_parents(
    tx: Transaction,
    newborn: Newborn,
    *,
    people: Mapping[str, KnownPerson],
    evidence_kind: str,
    declarer: Declarer,
    recording: Recording,
) -> None:
    """Record the named parents as the child's guardians; a minor, or one who died, is none.

    Whoever is recorded as one already stays so.

    Raises:
        DeclarationRefusedError: Another mother or father is on file, or births of the same mother
            that this one cannot be beside, unless a judge says so.
    """
    birth, child = newborn.birth, newborn.subject
    if child.person_id is None:
        return
    if birth.mother is not None and evidence_kind != EvidenceKind.JUDICIAL_DECISION:
        births = await births_of(tx, people[birth.mother].person_id, besides=child.person_id)
        if code := births_fault(births, born_on=_birth_day(birth)):
            raise refused(Reject("mother", code))
    standing = await guardianships_between(tx, child.person_id, begun=_birth_day(birth), ended=None)
    parents = [person for person in birth.persons() if not _is_held(standing, person, people)]
    others = {link.relation for link in standing}
    if rejects := [
        Reject(parent.field, RejectCode.PARENT_OTHER) for parent in parents if parent.part in others
    ]:
        raise refused(*rejects)
    links = [
        Guardianship(
            new_id(),
            1,
            child.region_code,
            child.person_id,
            people[parent.idcs].person_id,
            parent.part,
            _birth_day(birth),
            None,
            EvidenceKind.BIRTH_CERTIFICATE.value,
            None,
            declarer.client,
            recording.at,
        )
        for parent in parents
        if may_act(_candidate(people[parent.idcs]), on=recording.on)
    ]
    await add_guardianships(tx, links)


def _is_held(
    standing: Sequence[Guardianship], parent: NamedPerson, people: Mapping[str, KnownPerson]
) -> bool:
    wanted = (people[parent.idcs].person_id, parent.part)
    return wanted in {(link.guardian_id, link.relation) for link in standing}


def _birth_day(birth: Birth) -> date:
    return date.fromisoformat(birth.newborn["birth_date"])


def _candidate(person: KnownPerson) -> Candidate:
    return Candidate(person.person_id, person.birth_date, person.sex, person.status)
