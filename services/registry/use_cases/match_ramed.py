"""Match the rows of a RAMED list to the registry, a block at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import structlog

from services.registry.domain.name_sounds import searched_sounds
from services.registry.domain.ramed import (
    NUMBER_REPEATED,
    Likeness,
    MalformedRow,
    Outcome,
    RamedRow,
    RegisteredPerson,
    likeness_to_row,
    outcome_of,
    read_rows,
    why_unknown,
)
from services.registry.storage import ramed as storage
from services.registry.storage.duplicates import read_comparable_persons
from services.registry.storage.persons import PersonVersion
from services.registry.storage.ramed import (
    BLOCK_TABLE,
    BODY_COLUMN,
    NUMBER_COLUMN,
    ROW_TABLE,
    RamedBlock,
    RamedMatching,
    RamedResult,
    SoughtRow,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.search_tokens import document_token, sound_tokens
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.leases import acquire_lease
from shared.storage.sealed import SealedColumns

log = structlog.get_logger(__name__)

LEASE = "registry.ramed"
LEASE_SECONDS = 300
PERSONS_SHOWN_MAX = 10
# A row that cannot be read says no region that could be trusted.
NO_REGION = "00"


class RamedBlockMissingError(Exception):
    """A list has lost a block that it still needs."""


class _Verdict(NamedTuple):
    """What becomes of a row, and who fits it, the best first."""

    outcome: Outcome
    person_ids: list[UUID]
    likeness: Likeness


async def match_next_rows(using: Collaborators) -> bool:
    """Match one block of the oldest list, and return whether there was one.

    A block's results, its end and the count are one transaction, so that after a crash it is either
    matched and forgotten, or untouched.
    """
    async with using.database.transaction() as tx:
        matching = await storage.next_unfinished_matching(tx)
        if matching is None:
            return False
        fence = await acquire_lease(tx, LEASE, owner=using.worker_id, seconds=LEASE_SECONDS)
    if fence is None:
        return False
    async with using.database.transaction() as tx:
        if matching.blocks_done == matching.blocks_total:
            await storage.complete_matching(tx, matching.matching_id, at=using.clock.now())
            log.info("ramed-matched", rows=matching.rows_total, matched=matching.matched)
            return True
        block = await storage.read_ramed_block(
            tx, matching.matching_id, number=matching.blocks_done
        )
        if block is None:
            message = f"List {matching.matching_id} has no block {matching.blocks_done}."
            raise RamedBlockMissingError(message)
        results = await _match(tx, matching, block, using=using)
        await storage.record_results(tx, matching, results)
    return True


async def _match(
    tx: Transaction, matching: RamedMatching, block: RamedBlock, *, using: Collaborators
) -> list[RamedResult]:
    sealed = using.sealed
    body = sealed.unseal_bytes(
        block.body_sealed, table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block.block_id
    )
    read = list(
        read_rows(body.decode().split("\n"), first_line=block.first_line, today=using.clock.today())
    )
    rows = [row for row in read if isinstance(row, RamedRow)]
    sought = await asyncio.to_thread(_sought, rows, sealed)
    pairs = await storage.find_ramed_candidates(tx, sought, regions=matching.regions)
    known = await read_comparable_persons(tx, list({person_id for _, person_id in pairs}))
    verdicts = await asyncio.to_thread(_verdicts, rows, pairs, known, sealed)
    malformed = [
        _result(
            matching,
            row,
            NO_REGION,
            _Verdict(Outcome.MALFORMED, [], Likeness(0, (row.reason,))),
            sealed=sealed,
        )
        for row in read
        if isinstance(row, MalformedRow)
    ]
    results = malformed + [
        _result(matching, row, row.region_code, verdict, sealed=sealed)
        for row, verdict in zip(rows, verdicts, strict=True)
    ]
    return [
        result._replace(reasons=[*result.reasons, NUMBER_REPEATED])
        if result.line in block.repeated_lines
        else result
        for result in results
    ]


def _sought(rows: Sequence[RamedRow], sealed: SealedColumns) -> list[SoughtRow]:
    return [
        SoughtRow(
            row,
            tokens=[
                token
                for key_id in sealed.index_key_ids
                for token in sound_tokens(_sounds(row), sealed=sealed, key_id=key_id)
            ],
            card_tokens=[]
            if row.cnie is None
            else [
                document_token(row.cnie, sealed=sealed, key_id=key_id)
                for key_id in sealed.index_key_ids
            ],
        )
        for row in rows
    ]


def _sounds(row: RamedRow) -> list[str]:
    parts = (*row.name_ar, *row.name_latin)
    return list(dict.fromkeys(sound for part in parts for sound in searched_sounds(part)))


def _verdicts(
    rows: Sequence[RamedRow],
    pairs: Sequence[tuple[int, UUID]],
    known: Mapping[UUID, tuple[PersonVersion, UUID | None]],
    sealed: SealedColumns,
) -> list[_Verdict]:
    candidates: dict[int, list[UUID]] = defaultdict(list)
    for place, person_id in pairs:
        candidates[place].append(person_id)
    opened = {person_id: _registered(version, sealed) for person_id, (version, _) in known.items()}
    return [_verdict(row, candidates[place], opened) for place, row in enumerate(rows)]


def _verdict(
    row: RamedRow, candidates: Sequence[UUID], opened: Mapping[UUID, RegisteredPerson]
) -> _Verdict:
    compared = ((likeness_to_row(opened[one], row), one) for one in candidates)
    fitting = [(alike, one) for alike, one in compared if alike is not None]
    fitting.sort(key=lambda pair: (-pair[0].score, pair[1]))
    outcome, count = outcome_of([alike.score for alike, _ in fitting])
    if not count:
        near = [one for _, one in fitting[:1]] or candidates
        return _Verdict(outcome, [], why_unknown(row, [opened[one] for one in near]))
    shown = min(count, PERSONS_SHOWN_MAX)
    return _Verdict(outcome, [one for _, one in fitting[:shown]], fitting[0][0])


def _registered(version: PersonVersion, sealed: SealedColumns) -> RegisteredPerson:
    opened = open_particulars(version, sealed=sealed)
    return RegisteredPerson(
        opened.name_ar,
        opened.name_latin,
        version.birth_date,
        version.province_code,
        version.commune_code,
        opened.cnie,
    )


def _result(
    matching: RamedMatching,
    row: RamedRow | MalformedRow,
    region_code: str,
    verdict: _Verdict,
    *,
    sealed: SealedColumns,
) -> RamedResult:
    row_id = new_id()
    return RamedResult(
        matching.matching_id,
        row.line,
        row_id,
        region_code,
        sealed.seal(row.number, table=ROW_TABLE, column=NUMBER_COLUMN, row_id=row_id),
        verdict.outcome.value,
        verdict.person_ids,
        verdict.likeness.score,
        list(verdict.likeness.reasons),
    )
