"""Search the registry for persons and households recorded twice, a chunk at a time.

Never all pairs: persons are compared who share a sound, document or phone and a birth as it may
have been written, households that declared the very same facts in one commune or share a person.
Nothing is merged: what is found is proposed to a registrar.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

import structlog

from services.registry.domain.duplicates import (
    ComparedHousehold,
    ComparedPerson,
    households_evidence,
    persons_evidence,
)
from services.registry.storage import duplicates as storage
from services.registry.storage.duplicates import (
    ComparableHousehold,
    DuplicateSearch,
    HouseholdPair,
    Pair,
    Proposal,
)
from services.registry.storage.households import VERSION_TABLE as HOUSEHOLD_VERSION_TABLE
from services.registry.storage.persons import PersonVersion
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import open_particulars
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction
from shared.storage.leases import acquire_lease
from shared.storage.sealed import SealedColumns

log = structlog.get_logger(__name__)

LEASE = "registry.duplicates"
LEASE_SECONDS = 600
SAME_DOCUMENT_PAIRS_MAX = 100_000
_HOUSEHOLD_PHONE = "phone_sealed"


class DuplicateSearchNotFoundError(DomainError):
    """There is no such search."""

    code: ClassVar[str] = "registry.duplicate-search-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


@dataclass(slots=True)
class _Compared:
    """What came of one chunk so far."""

    pairs: int = 0
    proposed: int = 0


async def request_duplicate_search(
    tx: Transaction,
    kind: Literal["persons", "households"],
    *,
    requested_by: str,
    using: Collaborators,
) -> DuplicateSearch:
    """Plan a search, which a worker makes, or return one of the kind that is not completed."""
    under_way = await storage.lock_unfinished_search(tx, kind)
    if under_way is not None:
        return under_way
    search_id, now = new_id(), using.clock.now()
    await storage.add_search(tx, search_id, kind=kind, requested_by=requested_by, at=now)
    return DuplicateSearch(search_id, kind, requested_by, "planned", 0, 0, 0, 0, now, None)


async def read_duplicate_search(search_id: UUID, *, using: Collaborators) -> DuplicateSearch:
    """Return how far a search is.

    Raises:
        DuplicateSearchNotFoundError: There is none with this id.
    """
    async with using.database.transaction(RowScope.everything()) as tx:
        search = await storage.read_search(tx, search_id)
    if search is None:
        message = "There is no such search for duplicates."
        raise DuplicateSearchNotFoundError(message)
    return search


async def find_next_duplicates(using: Collaborators) -> bool:
    """Go through one chunk of the oldest search, and return whether there was one.

    One worker searches at a time. A chunk's proposals, its count and the lease's renewal are one
    transaction: after a crash the chunk is searched again and finds its own proposals there.
    """
    async with using.database.transaction() as tx:
        search = await storage.next_unfinished_search(tx)
        if search is None:
            return False
        fence = await acquire_lease(tx, LEASE, owner=using.worker_id, seconds=LEASE_SECONDS)
    if fence is None:
        return False
    async with using.database.transaction() as tx:
        chunks = await _chunks(tx, search)
        if search.chunks_done >= len(chunks):
            await storage.complete_search(tx, search.search_id, at=using.clock.now())
            log.info("duplicate-search-completed", kind=search.kind, proposed=search.proposed)
            return True
        compared = await _compare(tx, chunks[search.chunks_done], using=using)
        await storage.record_chunk(
            tx,
            search,
            chunks_total=len(chunks),
            pairs=compared.pairs,
            proposed=compared.proposed,
        )
    return True


async def _chunks(tx: Transaction, search: DuplicateSearch) -> Sequence[storage.Birth | str | None]:
    """Return what the search goes through; None stands for equal documents."""
    if search.kind == "households":
        return await storage.province_chunks(tx)
    return [None, *await storage.birth_chunks(tx)]


async def _compare(
    tx: Transaction, chunk: storage.Birth | str | None, *, using: Collaborators
) -> _Compared:
    if isinstance(chunk, str):
        return await _compare_households(tx, chunk, using=using)
    if chunk is None:
        found = storage.pairs_of_document(tx, most=SAME_DOCUMENT_PAIRS_MAX)
    else:
        found = storage.pairs_of_birth(tx, chunk)
    compared = _Compared()
    async for pairs in found:
        ids = {person_id for pair in pairs for person_id in pair}
        versions = await storage.read_comparable_persons(tx, list(ids))
        proposals = await asyncio.to_thread(_persons_proposals, pairs, versions, using.sealed)
        compared.pairs += len(pairs)
        compared.proposed += await storage.add_proposals(
            tx, proposals, kind="persons", at=using.clock.now()
        )
    return compared


def _persons_proposals(
    pairs: Sequence[Pair],
    versions: dict[UUID, tuple[PersonVersion, UUID | None]],
    sealed: SealedColumns,
) -> list[Proposal]:
    opened = {
        person_id: _compared_person(version, household_id, sealed)
        for person_id, (version, household_id) in versions.items()
    }
    proposals = []
    for first_id, second_id in pairs:
        evidence = persons_evidence(opened[first_id], opened[second_id])
        if evidence is not None:
            regions = versions[first_id][0].region_code, versions[second_id][0].region_code
            proposals.append(Proposal(new_id(), first_id, second_id, *regions, evidence))
    return proposals


def _compared_person(
    version: PersonVersion, household_id: UUID | None, sealed: SealedColumns
) -> ComparedPerson:
    opened = open_particulars(version, sealed=sealed)
    return ComparedPerson(
        name_ar=opened.name_ar,
        name_latin=opened.name_latin,
        birth_date=version.birth_date,
        province_code=version.province_code,
        commune_code=version.commune_code,
        cnie=opened.cnie,
        residence_permit=opened.residence_permit,
        phones=frozenset(opened.phones),
        household_id=household_id,
    )


async def _compare_households(
    tx: Transaction, province_code: str, *, using: Collaborators
) -> _Compared:
    compared = _Compared()
    async for pairs in storage.pairs_of_province(tx, province_code):
        ids = {household_id for pair in pairs for household_id in pair[:2]}
        known = await storage.read_comparable_households(tx, list(ids))
        proposals = await asyncio.to_thread(_households_proposals, pairs, known, using.sealed)
        compared.pairs += len(pairs)
        compared.proposed += await storage.add_proposals(
            tx, proposals, kind="households", at=using.clock.now()
        )
    return compared


def _households_proposals(
    pairs: Sequence[HouseholdPair],
    known: dict[UUID, ComparableHousehold],
    sealed: SealedColumns,
) -> list[Proposal]:
    proposals = []
    for pair in pairs:
        # A household that was dissolved meanwhile has no head.
        if pair.first_id not in known or pair.second_id not in known:
            continue
        first, second = known[pair.first_id], known[pair.second_id]
        evidence = households_evidence(
            _compared_household(first, sealed),
            _compared_household(second, sealed),
            facts_same=pair.facts_same,
            member_registered_twice=pair.member_registered_twice,
        )
        if evidence is not None:
            regions = first.region_code, second.region_code
            proposals.append(Proposal(new_id(), pair.first_id, pair.second_id, *regions, evidence))
    return proposals


def _compared_household(household: ComparableHousehold, sealed: SealedColumns) -> ComparedHousehold:
    phone = household.phone_sealed
    return ComparedHousehold(
        commune_code=household.commune_code,
        phone=None
        if phone is None
        else sealed.unseal(
            phone,
            table=HOUSEHOLD_VERSION_TABLE,
            column=_HOUSEHOLD_PHONE,
            row_id=household.version_id,
        ),
        head_sex=household.head_sex,
        head_has_spouse=household.head_has_spouse,
    )
