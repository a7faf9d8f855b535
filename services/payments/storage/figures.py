"""Figures that people watch: of one cycle, and of everything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.storage.database import Transaction

_CYCLE = """
SELECT (SELECT coalesce(sum(instructions), 0)::bigint FROM payment_batch
         WHERE cycle_id = %(cycle_id)s) AS instructions,
       (SELECT coalesce(sum(net_centimes), 0)::bigint FROM payment_batch
         WHERE cycle_id = %(cycle_id)s) AS net_centimes,
       (SELECT count(*) FROM payment_batch WHERE cycle_id = %(cycle_id)s) AS batches,
       (SELECT count(*) FROM transmission
         WHERE cycle_id = %(cycle_id)s AND state = 'RECEIVED') AS files,
       count(*) FILTER (WHERE state = 'HELD') AS held,
       coalesce(sum(net_centimes) FILTER (WHERE state = 'HELD'), 0)::bigint AS held_centimes,
       count(*) FILTER (WHERE state = 'PAID') AS settled,
       coalesce(sum(net_centimes) FILTER (WHERE state = 'PAID'), 0)::bigint AS settled_centimes,
       count(*) FILTER (WHERE state = 'ACTION_NEEDED') AS rejected
  FROM payment_instruction WHERE cycle_id = %(cycle_id)s
"""

_EVERYTHING = """
SELECT (SELECT count(*) FROM (
            SELECT DISTINCT ON (programme, household_id) outcome FROM entitlement
             ORDER BY programme, household_id, version DESC) AS latest
         WHERE outcome = 'eligible') AS entitlements,
       (SELECT count(*) FROM transmission WHERE state = 'RECEIVED') AS files,
       count(*) FILTER (WHERE batch_id IS NOT NULL) AS instructions,
       coalesce(sum(net_centimes) FILTER (WHERE batch_id IS NOT NULL), 0)::bigint AS net_centimes,
       count(*) FILTER (WHERE state = 'HELD') AS held,
       count(*) FILTER (WHERE state = 'PAID') AS settled,
       coalesce(sum(net_centimes) FILTER (WHERE state = 'PAID'), 0)::bigint AS settled_centimes,
       count(*) FILTER (WHERE state = 'ACTION_NEEDED') AS rejected
  FROM payment_instruction WHERE state <> 'CANCELLED'
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
class Figures:
    """Counts, and sums in centimes, over all cycles; `instructions` are those not held."""

    entitlements: int
    files: int
    instructions: int
    net_centimes: int
    held: int
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


async def cycle_figures(tx: Transaction, cycle_id: UUID) -> CycleFigures:
    """Return the figures of a cycle, over the rows the caller may see."""
    return CycleFigures(**await _one(tx, _CYCLE, {"cycle_id": cycle_id}))


async def all_figures(tx: Transaction) -> Figures:
    """Return the figures over all cycles, over the rows the caller may see."""
    return Figures(**await _one(tx, _EVERYTHING, {}))


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


async def _one(tx: Transaction, query: str, parameters: dict[str, Any]) -> dict[str, Any]:
    cursor = await tx.execute(query.encode(), parameters)
    row = await cursor.fetchone()
    return row or {}
