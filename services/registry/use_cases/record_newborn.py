"""Register a newborn, and who its parents are."""

from collections.abc import Mapping
from datetime import date

from services.registry.domain.declared_verbs import Birth
from services.registry.domain.guardianship import Candidate, may_act
from services.registry.domain.lines import LineRules
from services.registry.domain.plans import NamedPerson
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.reviews import is_newborn
from services.registry.domain.vocabulary import EvidenceKind
from services.registry.storage.guardianships import Guardianship, add_guardianships
from services.registry.storage.standing import KnownPerson
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import refused
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.give_receipt import Subject
from services.registry.use_cases.name_people import name_people
from services.registry.use_cases.read_declared import read_declared_person
from services.registry.use_cases.record_persons import Recording, record_declared_persons
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


async def record_newborn(
    tx: Transaction,
    birth: Birth,
    *,
    occurred_on: date,
    recording: Recording,
    using: Collaborators,
) -> Subject | None:
    """Record the child as a person, unless the population register has told of it already.

    Returns None if the IDCS is on file under another description, or in another region. That is
    refused once everything else has been judged: whoever only asks has then declared a birth.

    Raises:
        DeclarationRefusedError: The child's particulars break a rule, or were not born that day.
    """
    rules = LineRules(
        today=recording.on, algorithm=using.rules.algorithm, regions=recording.regions
    )
    child = read_declared_person(rules, birth.newborn, at="newborn")
    if child.idcs != birth.member.idcs:
        raise refused(Reject("member.idcs", RejectCode.NOT_A_MEMBER))
    if child.birth_date != occurred_on:
        raise refused(Reject("newborn.birth_date", RejectCode.DATE_MALFORMED))
    if not is_newborn(child.birth_date, on=recording.on):
        raise refused(Reject("newborn.birth_date", RejectCode.NEWBORN_TOO_OLD))
    outcome = await record_declared_persons(tx, [child], recording=recording, using=using)
    if outcome.rejects or (outcome.recorded and not outcome.first_lines):
        return None
    named = NamedPerson("newborn.idcs", child.idcs, "newborn")
    people = await name_people(tx, [named], regions=recording.regions, using=using)
    known = people[child.idcs]
    return Subject("newborn", known.region_code, known.person_id)


async def link_parents(
    tx: Transaction,
    birth: Birth,
    *,
    child: Subject,
    people: Mapping[str, KnownPerson],
    declarer: Declarer,
    recording: Recording,
) -> None:
    """Record the named parents as the child's guardians; a minor, or one who died, is none."""
    if child.person_id is None:
        return
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
        for parent in birth.persons()
        if may_act(_candidate(people[parent.idcs]), on=recording.on)
    ]
    await add_guardianships(tx, links)


def _birth_day(birth: Birth) -> date:
    return date.fromisoformat(birth.newborn["birth_date"])


def _candidate(person: KnownPerson) -> Candidate:
    return Candidate(person.person_id, person.birth_date, person.status)
