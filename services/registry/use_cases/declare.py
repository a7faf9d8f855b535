"""Record a declaration: who and what it is about, what it makes of households, and its receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable, UniqueViolation

from services.registry.domain.checks import EARLIEST_DATE
from services.registry.domain.declared_verbs import (
    Birth,
    Correction,
    Death,
    Marriage,
    Move,
    Registration,
    Separation,
    StatusChange,
    Verb,
)
from services.registry.domain.households import is_adult
from services.registry.domain.life_events import ChangeRefusedError
from services.registry.domain.marriages import Betrothed, marriage_fault
from services.registry.domain.parentage import PARENT_RELATIONS, Parent, parent_fault
from services.registry.domain.plans import NamedPerson, Plan, Standing, members_of
from services.registry.domain.receipts import verbs
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import EvidenceKind, PersonStatus
from services.registry.storage.marriages import ties_between
from services.registry.storage.standing import KnownPerson
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.change_status import change_status
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import DeclarationConflictError, refused
from services.registry.use_cases.declaration_made import DeclarationMade, Declarer
from services.registry.use_cases.dissolve_households import dissolve_households
from services.registry.use_cases.give_receipt import Filed, Receipt, Subject, give_receipt
from services.registry.use_cases.name_people import hold_people, name_people
from services.registry.use_cases.read_household import HouseholdNotFoundError
from services.registry.use_cases.record_households import strangers_named
from services.registry.use_cases.record_newborn import Newborn, link_parents, record_newborn
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.settle_declared import (
    SettledPlan,
    changes_nothing,
    declared_lines,
    settle_declared,
)
from services.registry.use_cases.standing_households import (
    StandingHousehold,
    standing_households,
)
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


@dataclass(slots=True)
class _Course:
    """A declaration on its way, and what became known of those it names."""

    made: DeclarationMade
    declarer: Declarer
    recording: Recording
    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    standing: Mapping[UUID, StandingHousehold] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)


async def declare(
    tx: Transaction, made: DeclarationMade, *, declarer: Declarer, using: Collaborators
) -> Receipt:
    """Record a declaration with all its effects, or nothing of it, and return its receipt.

    The transaction must see every region: what somebody may change is judged here, as it is for
    the lines of an import, since a move or a marriage has two ends.

    Args:
        tx: The transaction of the request.
        made: The declaration.
        declarer: Who sends it.
        using: The registry's means.

    Raises:
        DeclarationRefusedError: It contradicts the rules or what is on file.
        HouseholdNotFoundError: A household it names does not stand within the declarer's regions.
        DeclarationConflictError: Another declaration came in between.
    """
    today = using.clock.today()
    recording = Recording(new_id(), on=today, at=using.clock.now(), regions=declarer.regions)
    course = _Course(made, declarer, recording)
    _judge_form(made, today)
    try:
        return await _take_effect(tx, course, using=using)
    except ChangeRefusedError as error:
        raise refused(*error.rejects) from error
    except (UniqueViolation, LockNotAvailable) as error:
        message = "Somebody has just declared something about the same people; look, and try again."
        raise DeclarationConflictError(message) from error


def _judge_form(made: DeclarationMade, today: date) -> None:
    if made.occurred_on > today:
        raise refused(Reject("occurred_on", RejectCode.DATE_IN_FUTURE))
    if made.occurred_on < EARLIEST_DATE:
        raise refused(Reject("occurred_on", RejectCode.DATE_TOO_OLD))
    if made.evidence_kind not in verbs()[made.verb.code].evidence:
        raise refused(Reject("evidence.kind", RejectCode.EVIDENCE_UNFIT))


async def _take_effect(tx: Transaction, course: _Course, *, using: Collaborators) -> Receipt:
    made, recording = course.made, course.recording
    newborn: Newborn | None = None
    await _hold(tx, course, using=using)
    if isinstance(made.verb, Birth):
        newborn = await record_newborn(tx, made, made.verb, recording=recording, using=using)
        course.made = made = replace(made, verb=newborn.birth)
        course.subjects.append(newborn.subject)
    await _name(tx, course, using=using)
    standing = _standing(course)
    await _judge_marriage(tx, course, standing)
    plan = made.verb.plan(standing)
    lines = declared_lines(plan, made, course.standing, recording=recording, using=using)
    if isinstance(made.verb, Correction | Move) and changes_nothing(plan, lines, course.standing):
        raise refused(Reject("verb", RejectCode.NOTHING_CHANGES))
    if newborn is not None:
        await link_parents(
            tx,
            newborn,
            people=course.people,
            evidence_kind=made.evidence_kind,
            declarer=course.declarer,
            recording=recording,
        )
    await _change_statuses(tx, course, using=using)
    # Who lives where is asked before anybody is let go.
    strangers = await strangers_named(tx, lines, recording=recording)
    await dissolve_households(
        tx,
        [course.standing[household_id] for household_id in plan.dissolved],
        on=made.occurred_on,
        into=plan.into,
        recording=recording,
    )
    placements = await settle_declared(
        tx,
        SettledPlan(plan, lines, course.standing, strangers, made.evidence_kind),
        recording=recording,
        using=using,
    )
    if newborn is not None and newborn.is_taken:
        raise refused(Reject("newborn.idcs", RejectCode.IDCS_DUPLICATE))
    return await give_receipt(tx, _filed(course, plan, placements), using=using)


def _standing(course: _Course) -> Standing:
    """Return what the verb must know of those whom the declaration names."""
    return Standing(
        course.made.occurred_on,
        {key: known.declared for key, known in course.standing.items()},
        {
            idcs: person.household_id
            for idcs, person in course.people.items()
            if person.household_id is not None
        },
        frozenset().union(*(known.deceased for known in course.standing.values())),
    )


async def _hold(tx: Transaction, course: _Course, *, using: Collaborators) -> None:
    """Hold everybody whom the declaration may touch, before any household and any writing."""
    verb = course.made.verb
    people = [person.idcs for person in _named(course.made)]
    if isinstance(verb, Birth):
        people.append(verb.member.idcs)
    if (founded := _founded(verb)) is not None:
        people += members_of(founded)
    await hold_people(tx, people, homes=verb.households(), using=using)


def _named(made: DeclarationMade) -> list[NamedPerson]:
    """Return whom a declaration names, and who declares."""
    named = list(made.verb.persons())
    if made.declared_by is not None:
        named.append(NamedPerson("declared_by", made.declared_by, "declarer"))
    return named


async def _name(tx: Transaction, course: _Course, *, using: Collaborators) -> None:
    """Find everybody that the declaration is about, and hold every household."""
    verb, named = course.made.verb, _named(course.made)
    course.people = await name_people(tx, named, regions=course.recording.regions, using=using)
    _judge_people(course, named)
    moving = [person for person in verb.persons() if person.part not in PARENT_RELATIONS]
    left = {course.people[person.idcs].household_id for person in moving} - {None}
    wanted = {*verb.households(), *left}
    founded = _founded(verb)
    reference = None if founded is None else founded.get("reference")
    course.standing = await standing_households(
        tx,
        [household_id for household_id in wanted if household_id is not None],
        references=[] if reference is None else [reference],
        using=using,
    )
    may_change = course.recording.may_change
    for household_id in verb.households():
        known = course.standing.get(household_id)
        if known is None or not may_change(known.region_code):
            message = "There is no such household within your regions."
            raise HouseholdNotFoundError(message)
    for person in moving:
        home_id = course.people[person.idcs].household_id
        home = None if home_id is None else course.standing.get(home_id)
        if home is not None and not may_change(home.region_code):
            raise refused(Reject(person.field, RejectCode.SUBJECT_OUT_OF_SCOPE))


def _founded(verb: Verb) -> Mapping[str, Any] | None:
    """Return the household that a declaration founds, as it is said; None if none."""
    if isinstance(verb, Registration):
        return verb.household
    return verb.founds if isinstance(verb, Marriage | Separation) else None


def _judge_people(course: _Course, named: Sequence[NamedPerson]) -> None:
    """Refuse people who cannot have the part that the declaration gives them."""
    made, rejects = course.made, []
    for person in named:
        known = course.people[person.idcs]
        if code := _unfit(person.part, known, course):
            rejects.append(Reject(person.field, code))
        if person.part != "declarer" and known.birth_date > made.occurred_on:
            # Nothing befalls anybody before they are born.
            rejects.append(Reject("occurred_on", RejectCode.DATE_TOO_OLD))
        if person.part != "declarer":
            course.subjects.append(Subject(person.part, known.region_code, known.person_id))
    if rejects:
        raise refused(*rejects)
    _judge_return(course)
    if isinstance(made.verb, Marriage) and made.evidence_kind != EvidenceKind.JUDICIAL_DECISION:
        spouses = (course.people[idcs] for idcs in made.verb.spouses)
        if not all(is_adult(spouse.birth_date, on=made.occurred_on) for spouse in spouses):
            raise refused(Reject("spouses", RejectCode.SPOUSE_MINOR))


async def _judge_marriage(tx: Transaction, course: _Course, standing: Standing) -> None:
    """Refuse spouses who cannot marry each other."""
    verb = course.made.verb
    if not isinstance(verb, Marriage):
        return
    people = [course.people[idcs] for idcs in verb.spouses]
    one, other = (
        Betrothed(idcs, person.sex, standing.household_of(idcs))
        for idcs, person in zip(verb.spouses, people, strict=True)
    )
    ties = await ties_between(
        tx, people[0].person_id, people[1].person_id, on=course.made.occurred_on
    )
    evidence = course.made.evidence_kind
    if code := marriage_fault(one, other, ties=ties, deceased=standing.deceased, evidence=evidence):
        raise refused(Reject("spouses", code))


def _judge_return(course: _Course) -> None:
    """Refuse to let somebody who is on file as deceased live, unless a judge says so."""
    made = course.made
    if not isinstance(made.verb, StatusChange):
        return
    died_on = course.people[made.verb.person].deceased_by
    if died_on is None:
        return
    if made.evidence_kind != EvidenceKind.JUDICIAL_DECISION:
        raise refused(Reject("evidence.kind", RejectCode.EVIDENCE_UNFIT))
    if made.occurred_on < died_on:
        raise refused(Reject("occurred_on", RejectCode.DATE_TOO_OLD))


def _unfit(part: str, person: KnownPerson, course: _Course) -> RejectCode | None:
    """Return why somebody cannot have a part, if they cannot."""
    if part in PARENT_RELATIONS:
        parent = Parent(person.birth_date, person.sex, person.deceased_by)
        return parent_fault(part, parent, born_on=course.made.occurred_on)
    if part == "reinstated":
        return RejectCode.PERSON_NOT_SUSPENDED if person.status == PersonStatus.ACTIVE else None
    # A file may tell of a death and leave it to a registrar to say who follows.
    left_behind = part == "deceased" and person.household_id is not None
    if person.status == PersonStatus.DECEASED and not left_behind:
        return RejectCode.PERSON_DECEASED
    if part == "suspended" and person.status == PersonStatus.SUSPENDED:
        return RejectCode.PERSON_SUSPENDED
    if part == "declarer" and not is_adult(person.birth_date, on=course.recording.on):
        return RejectCode.DECLARANT_UNFIT
    return None


async def _change_statuses(tx: Transaction, course: _Course, *, using: Collaborators) -> None:
    verb = course.made.verb
    if not isinstance(verb, Death | StatusChange):
        return
    status = PersonStatus.DECEASED if isinstance(verb, Death) else verb.status
    person = course.people[verb.person]
    version = person.version
    if person.status != status:
        version = await change_status(
            tx,
            person.person_id,
            status,
            on=course.made.occurred_on,
            recording=course.recording,
            using=using,
        )
    course.subjects = [subject._replace(version=version) for subject in course.subjects]


def _filed(course: _Course, plan: Plan, placements: Sequence[Placement]) -> Filed:
    """Return what the receipt is given for: the declaration, and what became of whom."""
    declared_by = course.made.declared_by
    ended = [course.standing[household_id] for household_id in plan.dissolved]
    return Filed(
        course.made,
        course.declarer,
        course.recording,
        declarant_id=None if declared_by is None else course.people[declared_by].person_id,
        main=plan.main if plan.founded is None else placements[-1].household_id,
        subjects=(
            *course.subjects,
            *(
                Subject("dissolved", home.region_code, None, home.household_id, home.version + 1)
                for home in ended
            ),
            *(
                Subject(
                    "household",
                    placement.entry.household.commune.region_code,
                    None,
                    placement.household_id,
                    placement.version,
                )
                for placement in placements
            ),
        ),
        effective_on=max(
            [placement.entry.household.declared_on for placement in placements],
            default=course.made.occurred_on,
        ),
    )
