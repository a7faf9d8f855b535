"""Record the persons of a block: new ones, changed ones, and none twice."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.storage import persons as storage
from services.registry.storage.import_blocks import LineReject
from services.registry.storage.persons import PersonHead, PersonVersion
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import document_blind, seal_particulars
from services.registry.use_cases.read_block import PersonLine, line_rejects
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns

_DUPLICATE = (Reject("idcs", RejectCode.IDCS_DUPLICATE),)
_OUT_OF_SCOPE = (Reject("idcs", RejectCode.SUBJECT_OUT_OF_SCOPE),)


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


class _Change(NamedTuple):
    entry: PersonLine
    person_id: UUID
    version: int


@dataclass(slots=True)
class PersonsOutcome:
    """What came of the persons of a block."""

    recorded: int = 0
    unchanged: int = 0
    rejects: list[LineReject] = field(default_factory=list)
    first_lines: dict[bytes, int] = field(default_factory=dict)
    """The line that made a person known, by blind index; only for persons who are new."""


async def record_persons(
    tx: Transaction, lines: list[PersonLine], *, recording: Recording, using: Collaborators
) -> PersonsOutcome:
    """Add a version of every person whose declaration says something new.

    A first version counts as true since birth, since nothing else is known; a later one from the
    day its file arrived.
    """
    outcome = PersonsOutcome()
    if not lines:
        return outcome
    changes, unchanged_ids = await _compare(tx, lines, recording=recording, outcome=outcome)
    heads, versions = await asyncio.to_thread(_rows, changes, recording, using.sealed)
    await storage.add_persons(tx, [head for head in heads if head.version == 1])
    if newer := [head for head in heads if head.version > 1]:
        await storage.advance_persons(tx, newer)
    await storage.add_person_versions(tx, versions)
    if unchanged_ids:
        await storage.mark_persons_seen(tx, unchanged_ids, job_id=recording.job_id)
    outcome.recorded, outcome.unchanged = len(changes), len(unchanged_ids)
    return outcome


async def _compare(
    tx: Transaction,
    lines: list[PersonLine],
    *,
    recording: Recording,
    outcome: PersonsOutcome,
) -> tuple[list[_Change], list[UUID]]:
    """Return what is new, and who stays as they were; the repeated are refused."""
    standing = await storage.lock_persons(tx, [entry.blind for entry in lines])
    changes: list[_Change] = []
    unchanged_ids: list[UUID] = []
    named: set[bytes] = set()
    for entry in lines:
        known = standing.get(entry.blind)
        seen_before = known is not None and known.seen_in == recording.job_id
        if entry.blind in named or seen_before:
            outcome.rejects += line_rejects(recording.job_id, entry.line, _DUPLICATE)
        elif known is None:
            changes.append(_Change(entry, new_id(), version=1))
            outcome.first_lines[entry.blind] = entry.line
        elif not recording.may_change(known.region_code):
            outcome.rejects += line_rejects(recording.job_id, entry.line, _OUT_OF_SCOPE)
        elif known.content_digest == entry.digest:
            unchanged_ids.append(known.person_id)
        else:
            changes.append(_Change(entry, known.person_id, version=known.version + 1))
        named.add(entry.blind)
    return changes, unchanged_ids


def _rows(
    changes: list[_Change], recording: Recording, sealed: SealedColumns
) -> tuple[list[PersonHead], list[PersonVersion]]:
    heads = [_head(change, recording, sealed) for change in changes]
    return heads, [_version(change, recording, sealed) for change in changes]


def _head(change: _Change, recording: Recording, sealed: SealedColumns) -> PersonHead:
    entry, person_id, version = change
    person = entry.person
    return PersonHead(
        person_id,
        person.commune.region_code,
        person.commune.province_code,
        person.commune.commune_code,
        entry.blind,
        sealed.seal(person.idcs, table="person", column="idcs_sealed", row_id=person_id),
        document_blind(person.cnie, sealed=sealed),
        [],
        person.birth_date,
        person.sex,
        person.status,
        recording.on,
        version,
        entry.digest,
        recording.job_id,
    )


def _version(change: _Change, recording: Recording, sealed: SealedColumns) -> PersonVersion:
    entry, person_id, version = change
    person, version_id = entry.person, new_id()
    return PersonVersion(
        person_id,
        version,
        version_id,
        person.commune.region_code,
        person.commune.province_code,
        person.commune.commune_code,
        seal_particulars(person, version_id, sealed=sealed),
        person.sex,
        person.birth_date,
        person.birth_commune,
        person.nationality,
        person.status,
        person.birth_date if version == 1 else recording.on,
        recording.at,
    )
