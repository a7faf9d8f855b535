"""Record who answers for a person, end it, and read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from services.registry.domain.checks import EARLIEST_DATE, EVERY_REGION
from services.registry.domain.guardianship import Candidate, Guarded, Held, guardian_faults
from services.registry.domain.plans import NamedPerson
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import EvidenceKind, GuardianRelation
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.guardianships import (
    GUARDIANSHIP_TABLE,
    Guardianship,
    Ward,
    add_guardianships,
    births_of,
    everybody_above,
    guardianships_between,
    hold_guardianships,
    read_guardianship,
    read_ward,
)
from services.registry.storage.persons import read_person_version
from services.registry.storage.standing import KnownPerson
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import refused
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.name_people import hold_people, name_people
from services.registry.use_cases.read_person import PersonNotFoundError
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction

EVIDENCE_COLUMN = "evidence_sealed"
_ATTRIBUTES = ("guardians",)


class GuardianshipNotFoundError(DomainError):
    """Nobody answers for this person by that name within the caller's regions."""

    code: ClassVar[str] = "registry.guardianship-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(frozen=True, slots=True)
class GuardianMade:
    """Somebody is to answer for a person, or no longer."""

    person_id: UUID
    on: date
    """The first day of it, or the last if it is ended."""
    evidence_kind: str
    evidence_reference: str | None = None
    until: date | None = None
    """The last day of what is over when it is first told."""


async def record_guardianship(
    tx: Transaction,
    made: GuardianMade,
    *,
    guardian: str,
    relation: str,
    declarer: Declarer,
    using: Collaborators,
) -> Guardianship:
    """Record that somebody answers for a person from a day on, or did so for a while.

    Args:
        tx: The transaction of the request; it must see every region.
        made: The person, the days, and what proves it.
        guardian: The guardian's IDCS.
        relation: By what right.
        declarer: Who says so.
        using: The registry's means.

    Raises:
        PersonNotFoundError: There is no such person within the declarer's regions.
        DeclarationRefusedError: The guardian cannot be one, or is nobody within those regions.
    """
    _judge_day("valid_from", made.on, using.clock.today())
    _judge_last_day(made, using.clock.today())
    await _hold(tx, made.person_id, guardian, using=using)
    ward = await _ward(tx, made.person_id, declarer)
    named = NamedPerson("guardian", guardian, "guardian")
    known = (await name_people(tx, [named], regions=declarer.regions, using=using))[guardian]
    faults = await _faults(tx, made, known, ward=ward, relation=relation)
    if faults:
        raise refused(*faults)
    link = Guardianship(
        new_id(),
        1,
        ward.region_code,
        made.person_id,
        known.person_id,
        relation,
        made.on,
        made.until,
        made.evidence_kind,
        None,
        declarer.client,
        using.clock.now(),
    )
    link = _with_evidence(link, made, using)
    await add_guardianships(tx, [link])
    await _log(tx, [link], _look_up(declarer), action="record-guardian", using=using)
    return link


async def _faults(
    tx: Transaction, made: GuardianMade, known: KnownPerson, *, ward: Ward, relation: str
) -> Sequence[Reject]:
    """Return why somebody cannot answer for a person."""
    begun, ended = made.on, made.until
    links = await guardianships_between(tx, made.person_id, begun=begun, ended=ended)
    guarded = Guarded(
        made.person_id,
        ward.birth_date,
        ward.deceased_by,
        tuple(
            Held(link.guardian_id, link.relation, link.valid_from, link.valid_to) for link in links
        ),
        await everybody_above(tx, known.person_id, begun=begun, ended=ended),
    )
    births: tuple[date, ...] = ()
    is_judged = made.evidence_kind == EvidenceKind.JUDICIAL_DECISION
    if relation == GuardianRelation.MOTHER and not is_judged:
        births = await births_of(tx, known.person_id, besides=made.person_id)
    candidate = Candidate(known.person_id, known.birth_date, known.sex, known.status, births)
    return guardian_faults(candidate, guarded, relation=relation, begun=begun, ended=ended)


async def end_guardianship(
    tx: Transaction,
    made: GuardianMade,
    guardianship_id: UUID,
    *,
    declarer: Declarer,
    using: Collaborators,
) -> Guardianship:
    """Record the last day on which somebody answers for a person.

    Raises:
        PersonNotFoundError: There is no such person within the declarer's regions.
        GuardianshipNotFoundError: It is none of this person's.
        DeclarationRefusedError: It has ended already, or the day is before its first.
    """
    _judge_day("ended_on", made.on, using.clock.today())
    await hold_guardianships(tx)
    await _ward(tx, made.person_id, declarer)
    link = await read_guardianship(tx, guardianship_id, person_id=made.person_id)
    if link is None:
        message = "There is no such guardianship of this person."
        raise GuardianshipNotFoundError(message)
    if link.valid_to is not None:
        raise refused(Reject("guardianship_id", RejectCode.GUARDIAN_ENDED))
    if made.on < link.valid_from:
        raise refused(Reject("ended_on", RejectCode.PERIOD_REVERSED))
    ended = link._replace(
        version=link.version + 1,
        valid_to=made.on,
        evidence_kind=made.evidence_kind,
        client=declarer.client,
        recorded_at=using.clock.now(),
    )
    ended = _with_evidence(ended, made, using)
    await add_guardianships(tx, [ended])
    await _log(tx, [ended], _look_up(declarer), action="end-guardian", using=using)
    return ended


async def read_guardians(
    person_id: UUID, look_up: LookUp, *, using: Collaborators
) -> list[Guardianship]:
    """Return who answers for a person at the times asked for; the log is committed before that.

    Raises:
        PersonNotFoundError: There is no such person then within the caller's regions.
    """
    access = look_up.as_access("read-guardians", attributes=_ATTRIBUTES, clock=using.clock)
    async with using.database.snapshot(look_up.scope) as tx:
        found = await read_person_version(
            tx, person_id, valid_on=access.valid_on, known_at=access.known_at
        )
        if found is None:
            raise _not_found()
        links = await guardianships_between(
            tx,
            person_id,
            begun=access.valid_on,
            ended=access.valid_on,
            known_at=access.known_at,
        )
        await _log(tx, links, look_up, action=access.action, using=using)
        if not links:
            own = Disclosed(new_id(), found[0].region_code, person_id)
            await log_access(tx, access, [own])
    return links


def _judge_day(field: str, on: date, today: date) -> None:
    if on > today:
        raise refused(Reject(field, RejectCode.DATE_IN_FUTURE))
    if on < EARLIEST_DATE:
        raise refused(Reject(field, RejectCode.DATE_TOO_OLD))


def _judge_last_day(made: GuardianMade, today: date) -> None:
    if made.until is None:
        return
    if made.until > today:
        raise refused(Reject("valid_to", RejectCode.DATE_IN_FUTURE))
    if made.until < made.on:
        raise refused(Reject("valid_to", RejectCode.PERIOD_REVERSED))


async def _hold(tx: Transaction, ward_id: UUID, guardian: str, *, using: Collaborators) -> None:
    """Hold both: a birth that names the ward's parents at the same moment holds the child too."""
    await hold_people(tx, [guardian], persons=[ward_id], using=using)
    await hold_guardianships(tx)


async def _ward(tx: Transaction, person_id: UUID, declarer: Declarer) -> Ward:
    ward = await read_ward(tx, person_id)
    if ward is None:
        raise _not_found()
    if EVERY_REGION not in declarer.regions and ward.region_code not in declarer.regions:
        raise _not_found()
    return ward


def _not_found() -> PersonNotFoundError:
    return PersonNotFoundError("There is no such person at that time within your regions.")


def _with_evidence(link: Guardianship, made: GuardianMade, using: Collaborators) -> Guardianship:
    if made.evidence_reference is None:
        return link._replace(evidence_sealed=None)
    sealed = using.sealed.seal(
        made.evidence_reference,
        table=GUARDIANSHIP_TABLE,
        column=EVIDENCE_COLUMN,
        row_id=link.guardianship_id,
    )
    return link._replace(evidence_sealed=sealed)


def _look_up(declarer: Declarer) -> LookUp:
    return LookUp(declarer.client, declarer.purpose, RowScope.everything())


async def _log(
    tx: Transaction,
    links: Sequence[Guardianship],
    look_up: LookUp,
    *,
    action: str,
    using: Collaborators,
) -> None:
    """Log both ends of every guardianship that is told."""
    if not links:
        return
    people = {person for link in links for person in (link.person_id, link.guardian_id)}
    region_code = links[0].region_code
    access = look_up.as_access(action, attributes=_ATTRIBUTES, clock=using.clock)
    await log_access(
        tx, access, [Disclosed(new_id(), region_code, person) for person in sorted(people)]
    )
