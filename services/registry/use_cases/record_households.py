"""Record the households of a block, place their members, and tell the other services."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.registry.domain.households import RegisteredHousehold, RegisteredPerson, Residents
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.storage import households as storage
from services.registry.storage.declarations import add_declarations
from services.registry.storage.households import Residence, StandingHousehold
from services.registry.storage.import_blocks import LineReject
from services.registry.storage.persons import find_placeable_persons
from services.registry.storage.standing import strangers_among
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.move_persons import move_persons
from services.registry.use_cases.read_block import HouseholdLine, line_rejects
from services.registry.use_cases.receipts import receipts_of_lines
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.write_households import write_households
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

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
    """Record the households of a block as `settle_households` does, each against a receipt.

    Args:
        tx: The block's transaction.
        lines: Accepted lines, in their order.
        first_lines: The line that made a person known in this block, by blind index.
        recording: The circumstances.
        using: The registry's means.
    """
    strangers = await strangers_named(tx, lines, recording=recording)
    outcome = await settle_households(
        tx,
        lines,
        first_lines=first_lines,
        strangers=strangers,
        recording=recording,
        using=using,
    )
    receipts = await asyncio.to_thread(receipts_of_lines, outcome.placements, recording=recording)
    await add_declarations(tx, receipts)
    return outcome


async def settle_households(
    tx: Transaction,
    lines: list[HouseholdLine],
    *,
    first_lines: Mapping[bytes, int],
    strangers: Collection[bytes] = (),
    recording: Recording,
    using: Collaborators,
) -> HouseholdsOutcome:
    """Add a version of every household whose declaration says something new, and announce it.

    Declarations take effect in the order of their lines: a person whom one household lets go may
    be declared by a later one.

    Args:
        tx: The open transaction.
        lines: Accepted lines, in their order.
        first_lines: The line that made a person known in this block, by blind index.
        strangers: Members, by blind index, who are as unknown to the sender as nobody.
        recording: The circumstances.
        using: The registry's means.
    """
    if not lines:
        return HouseholdsOutcome()
    blinds = [blind for entry in lines for blind in (entry.blind, *entry.older_blinds)]
    standing = await storage.lock_households(tx, blinds)
    standing_ids = [known.household_id for known in standing.values()]
    residences = await storage.find_residents(tx, standing_ids) if standing_ids else []
    residents = await _residents(
        tx, lines, residences, first_lines=first_lines, strangers=strangers
    )
    outcome = _place(lines, standing, residents, recording=recording)
    placements = outcome.placements
    await write_households(tx, placements, recording=recording, using=using)
    await _move(tx, placements, residences)
    await move_persons(
        tx,
        placements,
        commune_of=residents.commune_of,
        recording=recording,
        sealed=using.sealed,
    )
    if outcome.unchanged_ids:
        await storage.mark_households_seen(tx, outcome.unchanged_ids, job_id=recording.job_id)
    return outcome


async def _residents(
    tx: Transaction,
    lines: list[HouseholdLine],
    residences: list[Residence],
    *,
    first_lines: Mapping[bytes, int],
    strangers: Collection[bytes],
) -> Residents:
    """Return everybody the lines name, and where they and their households' members live."""
    idcs_of = {blind: idcs for blind, idcs in _members_named(lines) if blind not in strangers}
    found = await find_placeable_persons(tx, list(idcs_of))
    persons = {
        idcs_of[blind]: RegisteredPerson(
            person.person_id,
            person.birth_date,
            person.sex,
            person.status,
            first_lines.get(blind, 0),
        )
        for blind, person in found.items()
    }
    residents = Residents(persons, {one.person_id: one.commune_code for one in found.values()})
    for residence in residences:
        residents.admit(residence.person_id, residence.household_id)
    for person in found.values():
        if person.household_id is not None:
            residents.admit(person.person_id, person.household_id)
    return residents


async def strangers_named(
    tx: Transaction, lines: Sequence[HouseholdLine], *, recording: Recording
) -> frozenset[bytes]:
    """Return the members, by blind index, whom the sender must not learn to exist."""
    blinds = [blind for blind, _ in _members_named(lines)]
    return await strangers_among(tx, blinds, regions=recording.regions) if blinds else frozenset()


def _members_named(lines: Sequence[HouseholdLine]) -> Iterator[tuple[bytes, str]]:
    """Yield blind index and IDCS of every member; two of one while index keys are rotated."""
    for entry in lines:
        for blinds in (entry.member_blinds, *zip(*entry.older_member_blinds, strict=True)):
            for blind, member in zip(blinds, entry.household.members, strict=True):
                yield blind, member.idcs


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
        known = _known(entry, standing)
        seen_before = known is not None and known.seen_in == recording.job_id
        if entry.blind in named or seen_before:
            outcome.rejects += line_rejects(recording.job_id, entry.line, _DUPLICATE)
        elif known is not None and not recording.may_change(known.region_code):
            outcome.rejects += line_rejects(recording.job_id, entry.line, _OUT_OF_SCOPE)
        elif known is not None and known.content_digest in (entry.digest, *entry.older_digests):
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


def _known(
    entry: HouseholdLine, standing: Mapping[bytes, StandingHousehold]
) -> StandingHousehold | None:
    """Return the household on file, whichever index key it was recorded under."""
    if entry.blind in standing or not entry.older_blinds:
        return standing.get(entry.blind)
    return next((standing[blind] for blind in entry.older_blinds if blind in standing), None)


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
