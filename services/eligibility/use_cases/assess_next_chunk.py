"""Assess the next chunk of a run, under a lease that a late worker cannot overwrite."""

import structlog

from services.eligibility.domain.vocabulary import Programme
from services.eligibility.storage.run_chunks import (
    Chunk,
    claim_chunk,
    finish_chunk,
    household_ids_of,
    release_chunk,
)
from services.eligibility.use_cases.assess_households import Occasion, assess_households
from services.eligibility.use_cases.collaborators import Collaborators

log = structlog.get_logger(__name__)

LEASE_SECONDS = 120
CHUNK_ATTEMPTS_MAX = 10


class LeaseLostError(Exception):
    """Another worker claimed the chunk while this one was at it; nothing was written."""


async def assess_next_chunk(collaborators: Collaborators) -> bool:
    """Claim a chunk, assess it and tell what changed; return whether there was one.

    The claim is a transaction of its own. The work, its events and the mark that it is done stand
    in a second one: after a crash all of it is done again, by whoever claims the chunk next.

    Raises:
        LeaseLostError: The work took longer than the lease.
    """
    async with collaborators.database.transaction() as tx:
        chunk = await claim_chunk(tx, lease_seconds=LEASE_SECONDS, attempts_max=CHUNK_ATTEMPTS_MAX)
    if chunk is None:
        return False
    try:
        await _assess(chunk, collaborators)
    except Exception:
        async with collaborators.database.transaction() as tx:
            await release_chunk(tx, chunk)
        raise
    return True


async def _assess(chunk: Chunk, collaborators: Collaborators) -> None:
    occasion = Occasion(
        on=chunk.assessed_on,
        at=collaborators.clock.now(),
        months={Programme(chunk.programme): chunk.month},
        run_id=chunk.run_id,
    )
    async with collaborators.database.transaction() as tx:
        ids = await household_ids_of(tx, chunk)
        emitted = await assess_households(tx, ids, occasion=occasion, metrics=collaborators.metrics)
        if not await finish_chunk(tx, chunk, events=emitted.events, items=emitted.items):
            message = "The lease on a chunk was lost while it was assessed."
            raise LeaseLostError(message)
    log.info("chunk-assessed", run_id=str(chunk.run_id), number=chunk.number, items=emitted.items)
