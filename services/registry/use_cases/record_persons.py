"""Record persons who are prepared: new ones, changed ones, and none twice."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.declarations import DeclaredPerson
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import PersonStatus
from services.registry.storage import persons as storage
from services.registry.storage.deceased import make_deceased_due
from services.registry.storage.import_blocks import LineReject
from services.registry.storage.person_packing import later_version, person_id_of
from services.registry.storage.persons import PersonHead, StandingPerson
from services.registry.use_cases.announce_persons import StatusChange, announce_status_changes
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.line_rejects import line_rejects
from services.registry.use_cases.prepare_persons import PreparedPersons, prepare_persons
from shared.storage.database import Transaction

_DUPLICATE = (Reject("idcs", RejectCode.IDCS_DUPLICATE),)
_OUT_OF_SCOPE = (Reject("idcs", RejectCode.SUBJECT_OUT_OF_SCOPE),)
# A file does not undo a death that stands; a reinstatement, declared with a judgment, does.
_DECEASED = (Reject("status", RejectCode.PERSON_DECEASED),)


@dataclass(frozen=True, slots=True)
class Recording:
    """The circumstances under which the lines of a job take effect."""

    job_id: UUID
    on: date
    """The business day on which the file arrived."""
    at: datetime
    """The instant of recording, in UTC."""
    regions: tuple[str, ...]
    """Region codes the sender may write to, `*` for all of them."""

    def may_change(self, region_code: str) -> bool:
        """Say whether the sender may change a subject that stands in a region today.

        Why: a new address is declared where somebody lived. Otherwise the registrar of one region
        could draw any household, and its account, into their own.
        """
        return EVERY_REGION in self.regions or region_code in self.regions


@dataclass(slots=True)
class PersonsOutcome:
    """What came of the persons of a block."""

    recorded: int = 0
    unchanged: int = 0
    rejects: list[LineReject] = field(default_factory=list)
    first_lines: Mapping[bytes, int] = field(default_factory=dict)
    """The line that made a person known, by blind index; only for persons who are new."""


@dataclass(slots=True)
class _Sorted:
    """Persons of a block by what is to be done about them, each by its position."""

    new: Sequence[int] = ()
    changed: list[tuple[int, StandingPerson]] = field(default_factory=list)
    unchanged_ids: list[UUID] = field(default_factory=list)
    rejects: list[LineReject] = field(default_factory=list)


async def record_persons(
    tx: Transaction, prepared: PreparedPersons, *, recording: Recording
) -> PersonsOutcome:
    """Add a version of every person whose declaration says something new, and tell of statuses.

    A first version counts as true since birth, since nothing else is known; a later one from the
    day its file arrived.

    Args:
        tx: The open transaction.
        prepared: The persons; the same one twice is refused the second time.
        recording: The circumstances.
    """
    if not prepared.lines:
        return PersonsOutcome()
    named = [*prepared.blinds, *(blind for older in prepared.older_blinds for blind in older)]
    standing = await storage.lock_persons(tx, named)
    found = _sort(prepared, standing, recording=recording)
    await _write(tx, prepared, found, recording=recording)
    changes = list(_status_changes(prepared, found, recording))
    await announce_status_changes(tx, changes, at=recording.at)
    # Nobody lives anywhere before they are on file.
    died = [
        change.person_id
        for change in changes
        if change.status == PersonStatus.DECEASED and change.version > 1
    ]
    if died:
        await make_deceased_due(tx, died, job_id=recording.job_id, on=recording.on)
    return PersonsOutcome(
        recorded=len(found.new) + len(found.changed),
        unchanged=len(found.unchanged_ids),
        rejects=found.rejects,
        first_lines={prepared.blinds[at]: prepared.lines[at] for at in found.new},
    )


async def record_declared_persons(
    tx: Transaction,
    persons: Sequence[DeclaredPerson],
    *,
    recording: Recording,
    using: Collaborators,
) -> PersonsOutcome:
    """Record persons that no file declares; positions in the list, from 1, stand for lines."""
    prepared = await asyncio.to_thread(
        prepare_persons,
        persons,
        sealed=using.sealed,
        registered_on=recording.on,
        seen_in=recording.job_id,
    )
    return await record_persons(tx, prepared, recording=recording)


def _sort(
    prepared: PreparedPersons,
    standing: Mapping[bytes, StandingPerson],
    *,
    recording: Recording,
) -> _Sorted:
    """Say what is to be done about each person; the repeated are refused."""
    blinds = prepared.blinds
    if not standing and len(set(blinds)) == len(blinds):
        return _Sorted(new=range(len(blinds)))
    found, new, named = _Sorted(), [], set()
    for at, blind in enumerate(blinds):
        known = _known(prepared, standing, at)
        seen_before = known is not None and known.seen_in == recording.job_id
        if blind in named or seen_before:
            found.rejects += line_rejects(recording.job_id, prepared.lines[at], _DUPLICATE)
        elif known is None:
            new.append(at)
        elif not recording.may_change(known.region_code):
            found.rejects += line_rejects(recording.job_id, prepared.lines[at], _OUT_OF_SCOPE)
        elif _is_revived(known, prepared.statuses[at]):
            found.rejects += line_rejects(recording.job_id, prepared.lines[at], _DECEASED)
        elif known.content_digest in prepared.digests_of(at):
            found.unchanged_ids.append(known.person_id)
        else:
            found.changed.append((at, known))
        named.add(blind)
    found.new = new
    return found


def _is_revived(known: StandingPerson, status: str) -> bool:
    return known.status == PersonStatus.DECEASED and status != PersonStatus.DECEASED


def _known(
    prepared: PreparedPersons, standing: Mapping[bytes, StandingPerson], at: int
) -> StandingPerson | None:
    """Return who stands under any of a person's blind indexes."""
    known = standing.get(prepared.blinds[at])
    if known is None and prepared.older_blinds:
        older = (standing.get(blind) for blind in prepared.older_blinds[at])
        known = next((person for person in older if person is not None), None)
    return known


async def _write(
    tx: Transaction, prepared: PreparedPersons, found: _Sorted, *, recording: Recording
) -> None:
    await storage.add_persons(tx, [prepared.person_rows[at] for at in found.new])
    if found.changed:
        heads = [_newer_head(prepared, at, known) for at, known in found.changed]
        await storage.advance_persons(tx, heads)
    versions = [prepared.version_rows[at] for at in found.new]
    versions += [
        later_version(
            prepared.version_rows[at],
            known.person_id,
            version=known.version + 1,
            valid_from=recording.on,
        )
        for at, known in found.changed
    ]
    await storage.add_person_versions(tx, versions, recorded_at=recording.at)
    if found.unchanged_ids:
        await storage.mark_persons_seen(tx, found.unchanged_ids, job_id=recording.job_id)


def _newer_head(prepared: PreparedPersons, at: int, known: StandingPerson) -> PersonHead:
    head = storage.person_head(prepared.person_rows[at])
    return head._replace(person_id=known.person_id, version=known.version + 1)


def _status_changes(
    prepared: PreparedPersons, found: _Sorted, recording: Recording
) -> Iterator[StatusChange]:
    for at in found.new:
        if prepared.statuses[at] != PersonStatus.ACTIVE:
            yield StatusChange(
                person_id_of(prepared.person_rows[at]),
                1,
                prepared.regions[at],
                prepared.statuses[at],
                recording.on,
            )
    for at, known in found.changed:
        if prepared.statuses[at] != known.status:
            yield StatusChange(
                known.person_id,
                known.version + 1,
                prepared.regions[at],
                prepared.statuses[at],
                recording.on,
            )
