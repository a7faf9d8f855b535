"""Figures that people watch: of one cycle, and of everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.payments.domain.statistics import RegionFigures
from shared.storage.database import Transaction

_CYCLE = """
WITH batch AS (
    SELECT instructions, net_centimes FROM payment_batch
     WHERE cycle_id = %(cycle_id)s
       AND (%(regions)s::text[] IS NULL OR region_code = ANY(%(regions)s))
)
SELECT (SELECT coalesce(sum(instructions), 0)::bigint FROM batch) AS instructions,
       (SELECT coalesce(sum(net_centimes), 0)::bigint FROM batch) AS net_centimes,
       (SELECT count(*) FROM batch) AS batches,
       (SELECT count(*) FROM transmission
         WHERE cycle_id = %(cycle_id)s AND state = 'RECEIVED'
           AND (%(regions)s::text[] IS NULL OR region_code = ANY(%(regions)s))) AS files,
       count(*) FILTER (WHERE state = 'HELD') AS held,
       coalesce(sum(net_centimes) FILTER (WHERE state = 'HELD'), 0)::bigint AS held_centimes,
       count(*) FILTER (WHERE state = 'PAID') AS settled,
       coalesce(sum(net_centimes) FILTER (WHERE state = 'PAID'), 0)::bigint AS settled_centimes,
       count(*) FILTER (WHERE state = 'ACTION_NEEDED') AS rejected
  FROM payment_instruction
 WHERE cycle_id = %(cycle_id)s
   AND (%(regions)s::text[] IS NULL OR region_code = ANY(%(regions)s))
"""

_EVERYTHING = """
SELECT region_code, programme, sum(entitlements)::bigint AS entitlements,
       sum(held)::bigint AS held, sum(instructions)::bigint AS instructions,
       sum(net_centimes)::bigint AS net_centimes, sum(settled)::bigint AS settled,
       sum(settled_centimes)::bigint AS settled_centimes, sum(rejected)::bigint AS rejected
  FROM (SELECT region_code, programme, count(*) AS entitlements, 0 AS held, 0 AS instructions,
               0 AS net_centimes, 0 AS settled, 0 AS settled_centimes, 0 AS rejected
          FROM (SELECT DISTINCT ON (programme, household_id) region_code, programme, outcome
                  FROM entitlement ORDER BY programme, household_id, version DESC) AS latest
         WHERE outcome = 'eligible' GROUP BY region_code, programme
         UNION ALL
        SELECT region_code, programme, 0, count(*) FILTER (WHERE state = 'HELD'),
               count(*) FILTER (WHERE batch_id IS NOT NULL),
               coalesce(sum(net_centimes) FILTER (WHERE batch_id IS NOT NULL), 0),
               count(*) FILTER (WHERE state = 'PAID'),
               coalesce(sum(net_centimes) FILTER (WHERE state = 'PAID'), 0),
               count(*) FILTER (WHERE state = 'ACTION_NEEDED')
          FROM payment_instruction WHERE state <> 'CANCELLED'
         GROUP BY region_code, programme) AS counted
 GROUP BY region_code, programme
"""

_FILES = """
SELECT count(*) AS files FROM transmission
 WHERE state = 'RECEIVED' AND (%(regions)s::text[] IS NULL OR region_code = ANY(%(regions)s))
"""

_BATCHES = """
SELECT batch_id, rail, institution, region_code, wave, instructions, net_centimes, content_hash
  FROM payment_batch WHERE cycle_id = %(cycle_id)s AND batch_id > %(after)s
 ORDER BY batch_id LIMIT %(limit)s
"""

_INSTRUCTIONS = """
SELECT instruction_id, programme, month, kind, state, net_centimes, fee_cap_centimes, rail,
       public_reason, changed_at
  FROM payment_instruction
 WHERE household_id = %(household_id)s AND (month, instruction_id) < (%(month)s, %(after)s)
 ORDER BY month DESC, instruction_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class CycleFigures:
    """Counts, and sums in centimes, of one cycle; held instructions are in neither total."""

    instructions: int
    net_centimes: int
    batches: int
    files: int
    held: int
    held_centimes: int
    settled: int
    settled_centimes: int
    rejected: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A sealed batch."""

    batch_id: UUID
    rail: str
    institution: str
    region_code: str
    wave: int
    instructions: int
    net_centimes: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """An instruction as its household may see it."""

    instruction_id: UUID
    programme: str
    month: str
    kind: str
    state: str
    net_centimes: int
    fee_cap_centimes: int | None
    rail: str
    public_reason: str | None
    changed_at: datetime


async def cycle_figures(
    tx: Transaction, cycle_id: UUID, *, regions: Sequence[str] | None
) -> CycleFigures:
    """Return the figures of a cycle in some regions; None for all of them.

    What was ordered and paid counts where it was, though its households may live elsewhere by now:
    the transaction must see every region.
    """
    parameters = {"cycle_id": cycle_id, "regions": _bound(regions)}
    cursor = await tx.execute(_CYCLE, parameters)
    (row,) = await cursor.fetchall()
    return CycleFigures(**row)


async def all_figures(tx: Transaction) -> list[RegionFigures]:
    """Return the figures over all cycles, as far as the transaction sees."""
    cursor = await tx.execute(_EVERYTHING)
    return [RegionFigures(**row) for row in await cursor.fetchall()]


async def files_received(tx: Transaction, *, regions: Sequence[str] | None) -> int:
    """Return how many files banks received with payments of some regions; None for all."""
    cursor = await tx.execute(_FILES, {"regions": _bound(regions)})
    (row,) = await cursor.fetchall()
    return int(row["files"])


def _bound(regions: Sequence[str] | None) -> list[str] | None:
    return None if regions is None else list(regions)


async def batches_after(
    tx: Transaction, cycle_id: UUID, *, after: UUID, limit: int
) -> list[BatchRow]:
    """Return the next batches of a cycle, by id."""
    cursor = await tx.execute(_BATCHES, {"cycle_id": cycle_id, "after": after, "limit": limit})
    return [BatchRow(**row) for row in await cursor.fetchall()]


async def instructions_before(
    tx: Transaction, household_id: UUID, *, month: str, after: UUID, limit: int
) -> list[InstructionRow]:
    """Return the instructions of a household, latest month first, before a place in that order."""
    cursor = await tx.execute(
        _INSTRUCTIONS,
        {"household_id": household_id, "month": month, "after": after, "limit": limit},
    )
    return [InstructionRow(**row) for row in await cursor.fetchall()]
