"""Make every blind index and search token anew under the active index key, while all runs on.

Persons recorded before the registry had search tokens get theirs in the same way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import DeclaredPerson, person_content
from services.registry.domain.territory import Commune
from services.registry.storage import reindexing as storage
from services.registry.storage.reindexing import (
    HOUSEHOLDS,
    PERSONS,
    TABLES,
    HouseholdIndex,
    PersonIndexes,
    Progress,
    StoredPerson,
    StoredReference,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import CNIE_FIELD, PERMIT_FIELD, open_particulars
from services.registry.use_cases.prepare_persons import CONTENT_FIELD, IDCS_FIELD
from services.registry.use_cases.read_block import REFERENCE_FIELD
from services.registry.use_cases.reseal import Told, tell_nobody
from services.registry.use_cases.search_tokens import search_tokens
from shared.storage.database import Database, Transaction
from shared.storage.sealed import SealedColumns

REINDEX_ROWS_MAX = 1_000


class Reindexed(NamedTuple):
    """How many rows have new indexes, and how many kept theirs because another row has them."""

    rows: int
    conflicts: int


Step = Callable[[Transaction, Progress, int, SealedColumns], Awaitable[Progress]]


async def reindex(
    owner: Database,
    *,
    using: Collaborators,
    tell: Told = tell_nobody,
    rows_max: int = REINDEX_ROWS_MAX,
) -> Reindexed:
    """Return how much was done under the active key, this time and before.

    Each chunk commits with its progress: whatever interrupts this, running it again goes on where
    it stopped. When it is done, look-ups no longer need the other index keys. Once completed, it
    begins again when called again: rows may have come from a process that was late.

    Args:
        owner: The database as the owner of its tables.
        using: The registry's means.
        tell: Is told of progress.
        rows_max: How many rows a transaction takes.

    Raises:
        UnsealError: A value does not open; nothing of its chunk is changed.
    """
    key_id = using.sealed.index_key_ids[0]
    ends = [
        await _walk(owner, table, key_id=key_id, using=using, tell=tell, rows_max=rows_max)
        for table in TABLES
    ]
    return Reindexed(sum(end.rows for end in ends), sum(end.conflicts for end in ends))


async def _walk(
    owner: Database,
    table: str,
    *,
    key_id: str,
    using: Collaborators,
    tell: Told,
    rows_max: int,
) -> Progress:
    async with owner.transaction() as tx:
        progress = await storage.read_progress(tx, key_id=key_id, table=table)
        if progress.completed:
            progress = Progress()
            await storage.keep_progress(tx, progress, key_id=key_id, table=table)
    while not progress.completed:
        async with owner.transaction() as tx:
            progress = await _STEPS[table](tx, progress, rows_max, using.sealed)
            await storage.keep_progress(tx, progress, key_id=key_id, table=table)
        tell(table, progress.rows)
    return progress


async def _next_persons(
    tx: Transaction, progress: Progress, rows_max: int, sealed: SealedColumns
) -> Progress:
    stored = await storage.lock_persons_after(tx, progress.last_id, at_most=rows_max)
    if not stored:
        return progress._replace(completed=True)
    made = await asyncio.to_thread(lambda: [_person_indexes(one, sealed) for one in stored])
    taken = await storage.taken_by_others(
        tx, PERSONS, [(one.person_id, one.idcs_blind) for one in made]
    )
    kept = [one for one in made if one.person_id not in taken]
    await storage.replace_person_indexes(tx, kept)
    return _further(progress, last_id=stored[-1].person_id, rows=len(kept), conflicts=len(taken))


def _person_indexes(stored: StoredPerson, sealed: SealedColumns) -> PersonIndexes:
    version = stored.version
    idcs = sealed.unseal(
        stored.idcs_sealed, table=PERSONS, column="idcs_sealed", row_id=stored.person_id
    )
    known = open_particulars(version, sealed=sealed)
    document = None
    if known.cnie is not None:
        document = sealed.blind(CNIE_FIELD, known.cnie)
    elif known.residence_permit is not None:
        document = sealed.blind(PERMIT_FIELD, known.residence_permit)
    declared = DeclaredPerson(
        idcs=idcs,
        cnie=known.cnie,
        residence_permit=known.residence_permit,
        name_ar=known.name_ar,
        name_latin=known.name_latin,
        sex=version.sex,
        birth_date=version.birth_date,
        birth_commune=version.birth_commune_code,
        nationality=version.nationality,
        phones=known.phones,
        commune=Commune(version.commune_code, version.province_code, version.region_code),
        status=version.status,
    )
    return PersonIndexes(
        stored.person_id,
        sealed.blind(IDCS_FIELD, idcs),
        document,
        search_tokens(
            known.name_ar, known.name_latin, declared.document, known.phones, sealed=sealed
        ),
        _content_digest(stored, declared, sealed),
    )


def _content_digest(stored: StoredPerson, declared: DeclaredPerson, sealed: SealedColumns) -> bytes:
    """Return the digest of what was declared, under the active key if it can be made.

    A digest of something else than the current version says stays as it is.
    """
    active, *older = sealed.blinds(CONTENT_FIELD, person_content(declared))
    return active if stored.content_digest in older else stored.content_digest


async def _next_households(
    tx: Transaction, progress: Progress, rows_max: int, sealed: SealedColumns
) -> Progress:
    stored = await storage.lock_references_after(tx, progress.last_id, at_most=rows_max)
    if not stored:
        return progress._replace(completed=True)
    made = await asyncio.to_thread(lambda: [_household_index(one, sealed) for one in stored])
    taken = await storage.taken_by_others(
        tx, HOUSEHOLDS, [(one.household_id, one.reference_blind) for one in made]
    )
    kept = [one for one in made if one.household_id not in taken]
    await storage.replace_household_indexes(tx, kept)
    last_id = stored[-1].household_id
    return _further(progress, last_id=last_id, rows=len(kept), conflicts=len(taken))


def _household_index(stored: StoredReference, sealed: SealedColumns) -> HouseholdIndex:
    reference = sealed.unseal(
        stored.reference_sealed,
        table=HOUSEHOLDS,
        column="reference_sealed",
        row_id=stored.household_id,
    )
    return HouseholdIndex(stored.household_id, sealed.blind(REFERENCE_FIELD, reference))


def _further(progress: Progress, *, last_id: UUID, rows: int, conflicts: int) -> Progress:
    return progress._replace(
        last_id=last_id, rows=progress.rows + rows, conflicts=progress.conflicts + conflicts
    )


_STEPS: dict[str, Step] = {PERSONS: _next_persons, HOUSEHOLDS: _next_households}


async def is_index_key_needed(active_id: str, *, owner: Database) -> bool:
    """Say whether rows may still be found only by index keys other than the active one."""
    async with owner.transaction() as tx:
        for table in TABLES:
            progress = await storage.read_progress(tx, key_id=active_id, table=table)
            if not progress.completed or progress.conflicts:
                return True
    return False
