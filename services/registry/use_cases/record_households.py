"""Record the households of a block, place their members, and tell the other services."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic_core import to_json

from services.registry.domain.households import RegisteredHousehold, RegisteredPerson, Residents
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.reviews import review_due_on
from services.registry.storage import households as storage
from services.registry.storage.households import (
    VERSION_TABLE,
    HouseholdHead,
    HouseholdMember,
    HouseholdVersion,
    Residence,
    StandingHousehold,
)
from services.registry.storage.import_blocks import LineReject
from services.registry.storage.persons import find_placeable_persons
from services.registry.use_cases.announce_households import Placement, announce_households
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import HouseholdLine, line_rejects
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns

_DUPLICATE = (Reject("reference", RejectCode.REFERENCE_DUPLICATE),)
_OUT_OF_SCOPE = (Reject("reference", RejectCode.SUBJECT_OUT_OF_SCOPE),)


@dataclass(slots=True)
class HouseholdsOutcome:
    """What came of the households of a block."""

    placements: list[Placement] = field(default_factory=list)
    unchanged_ids: list[UUID] = field(default_factory=list)
    rejects: list[LineReject] = field(default_factory=list)


async def record_households(
    tx: Transaction,
    lines: list[HouseholdLine],
    *,
    first_lines: Mapping[bytes, int],
    recording: Recording,
    using: Collaborators,
) -> HouseholdsOutcome:
    """Add a version of every household whose declaration says something new, and announce it.

    Declarations take effect in the order of their lines: a person whom one household lets go may
    be declared by a later one.

    Args:
        tx: The block's transaction.
        lines: Accepted lines, in their order.
        first_lines: The line that made a person known in this block, by blind index.
        recording: The circumstances.
        using: The registry's means.
    """
    if not lines:
        return HouseholdsOutcome()
    standing = await storage.lock_households(tx, [entry.blind for entry in lines])
    standing_ids = [known.household_id for known in standing.values()]
    residences = await storage.find_residents(tx, standing_ids)
    residents = await _residents(tx, lines, residences, first_lines=first_lines)
    outcome = _place(lines, standing, residents, recording=recording)
    placements = outcome.placements
    heads, versions, members = await asyncio.to_thread(_rows, placements, recording, using.sealed)
    await storage.add_households(tx, [head for head in heads if head.version == 1])
    if newer := [head for head in heads if head.version > 1]:
        await storage.advance_households(tx, newer)
    await storage.add_household_versions(tx, versions, members)
    await _move(tx, placements, residences)
    if outcome.unchanged_ids:
        await storage.mark_households_seen(tx, outcome.unchanged_ids, job_id=recording.job_id)
    await announce_households(tx, placements, at=recording.at, using=using)
    return outcome


async def _residents(
    tx: Transaction,
    lines: list[HouseholdLine],
    residences: list[Residence],
    *,
    first_lines: Mapping[bytes, int],
) -> Residents:
    """Return everybody the lines name, and where they and their households' members live."""
    idcs_of = {
        blind: member.idcs
        for entry in lines
        for blind, member in zip(entry.member_blinds, entry.household.members, strict=True)
    }
    found = await find_placeable_persons(tx, list(idcs_of))
    persons = {
        idcs_of[blind]: RegisteredPerson(
            person.person_id, person.birth_date, person.sex, first_lines.get(blind, 0)
        )
        for blind, person in found.items()
    }
    residents = Residents(persons)
    for residence in residences:
        residents.admit(residence.person_id, residence.household_id)
    for person in found.values():
        if person.household_id is not None:
            residents.admit(person.person_id, person.household_id)
    return residents


def _place(
    lines: list[HouseholdLine],
    standing: Mapping[bytes, StandingHousehold],
    residents: Residents,
    *,
    recording: Recording,
) -> HouseholdsOutcome:
    outcome = HouseholdsOutcome()
    named: set[bytes] = set()
    for entry in lines:
        known = standing.get(entry.blind)
        seen_before = known is not None and known.seen_in == recording.job_id
        if entry.blind in named or seen_before:
            outcome.rejects += line_rejects(recording.job_id, entry.line, _DUPLICATE)
        elif known is not None and not recording.may_change(known.region_code):
            outcome.rejects += line_rejects(recording.job_id, entry.line, _OUT_OF_SCOPE)
        elif known is not None and known.content_digest == entry.digest:
            outcome.unchanged_ids.append(known.household_id)
            named.add(entry.blind)
        elif obstacles := residents.obstacles(
            entry.household, standing=_registered(known), line=entry.line
        ):
            outcome.rejects += line_rejects(recording.job_id, entry.line, obstacles)
        else:
            outcome.placements.append(_settle(entry, known, residents))
            named.add(entry.blind)
    return outcome


def _registered(known: StandingHousehold | None) -> RegisteredHousehold | None:
    return None if known is None else RegisteredHousehold(known.household_id, known.valid_from)


def _settle(
    entry: HouseholdLine, known: StandingHousehold | None, residents: Residents
) -> Placement:
    household_id = new_id() if known is None else known.household_id
    residents.settle(entry.household, household_id=household_id)
    members = tuple(residents.persons[member.idcs] for member in entry.household.members)
    version = 1 if known is None else known.version + 1
    return Placement(entry, household_id, version, members)


async def _move(tx: Transaction, placements: list[Placement], residences: list[Residence]) -> None:
    """Let exactly the declared members live in the recorded households."""
    recorded = {placement.household_id for placement in placements}
    await storage.replace_residences(
        tx,
        ended=[item.person_id for item in residences if item.household_id in recorded],
        begun=[
            Residence(
                person.person_id,
                placement.household_id,
                placement.entry.household.commune.region_code,
            )
            for placement in placements
            for person in placement.members
        ],
    )


def _rows(
    placements: list[Placement], recording: Recording, sealed: SealedColumns
) -> tuple[list[HouseholdHead], list[HouseholdVersion], list[HouseholdMember]]:
    heads = [_head(placement, recording, sealed) for placement in placements]
    versions = [_version(placement, recording, sealed) for placement in placements]
    members = [row for placement in placements for row in _member_rows(placement)]
    return heads, versions, members


def _head(placement: Placement, recording: Recording, sealed: SealedColumns) -> HouseholdHead:
    entry, household_id = placement.entry, placement.household_id
    return HouseholdHead(
        household_id,
        entry.household.commune.region_code,
        entry.blind,
        sealed.seal(
            entry.household.reference,
            table="household",
            column="reference_sealed",
            row_id=household_id,
        ),
        placement.version,
        entry.household.declared_on,
        entry.digest,
        recording.job_id,
    )


def _version(placement: Placement, recording: Recording, sealed: SealedColumns) -> HouseholdVersion:
    household, version_id = placement.entry.household, new_id()
    phone_sealed = None
    if household.phone is not None:
        phone_sealed = sealed.seal(
            household.phone, table=VERSION_TABLE, column="phone_sealed", row_id=version_id
        )
    return HouseholdVersion(
        placement.household_id,
        placement.version,
        version_id,
        household.commune.region_code,
        household.commune.province_code,
        household.commune.commune_code,
        household.milieu,
        household.language,
        phone_sealed,
        to_json(household.facts),
        review_due_on(household.declared_on),
        household.declared_on,
        recording.at,
    )


def _member_rows(placement: Placement) -> list[HouseholdMember]:
    household = placement.entry.household
    return [
        HouseholdMember(
            placement.household_id,
            placement.version,
            person.person_id,
            household.commune.region_code,
            person.birth_date,
            person.sex,
            member.kinship,
            member.head,
            member.declarant,
            to_json(member.facts),
        )
        for member, person in zip(household.members, placement.members, strict=True)
    ]
