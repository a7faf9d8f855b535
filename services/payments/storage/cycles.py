"""Cycles and their approvals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle as it stands."""

    cycle_id: UUID
    programme: str
    month: str
    run_no: int
    run_id: UUID
    maker: str
    state: str
    waiting_for: str | None
    frozen_at: datetime | None
    content_hash: bytes | None


_FIND = """
SELECT cycle_id, programme, month, run_no, run_id, maker, state, waiting_for, frozen_at,
       content_hash
  FROM payment_cycle WHERE cycle_id = %(cycle_id)s
"""

_LOCK = """
SELECT cycle_id, programme, month, run_no, run_id, maker, state, waiting_for, frozen_at,
       content_hash
  FROM payment_cycle WHERE cycle_id = %(cycle_id)s FOR UPDATE
"""

_CLAIM = """
SELECT cycle_id, programme, month, run_no, run_id, maker, state, waiting_for, frozen_at,
       content_hash
  FROM payment_cycle WHERE state = %(state)s AND cycle_id <> ALL(%(without)s)
 ORDER BY cycle_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_OPEN = """
INSERT INTO payment_cycle (cycle_id, programme, month, run_no, run_id, maker, state, opened_at)
SELECT %(cycle_id)s, %(programme)s, %(month)s, coalesce(max(run_no), 0) + 1, %(run_id)s,
       %(maker)s, 'PLANNED', %(at)s
  FROM payment_cycle WHERE programme = %(programme)s AND month = %(month)s
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class NewCycle:
    """A cycle that somebody wants to open."""

    cycle_id: UUID
    programme: str
    month: str
    run_id: UUID
    maker: str


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to a cycle's content."""

    level: int
    actor: str
    approved_at: datetime


async def insert_cycle(tx: Transaction, cycle: NewCycle, *, at: datetime) -> bool:
    """Open a cycle, and return False if one for its month is alive already."""
    cursor = await tx.execute(
        _OPEN,
        {
            "cycle_id": cycle.cycle_id,
            "programme": cycle.programme,
            "month": cycle.month,
            "run_id": cycle.run_id,
            "maker": cycle.maker,
            "at": at,
        },
    )
    return cursor.rowcount == 1


async def find_cycle(tx: Transaction, cycle_id: UUID) -> Cycle | None:
    """Return a cycle as it stands."""
    cursor = await tx.execute(_FIND, {"cycle_id": cycle_id})
    row = await cursor.fetchone()
    return None if row is None else Cycle(**row)


async def lock_cycle(tx: Transaction, cycle_id: UUID) -> Cycle | None:
    """Return a cycle, held until the transaction ends."""
    cursor = await tx.execute(_LOCK, {"cycle_id": cycle_id})
    row = await cursor.fetchone()
    return None if row is None else Cycle(**row)


async def claim_cycle(
    tx: Transaction, *, state: str, without: frozenset[UUID] = frozenset()
) -> Cycle | None:
    """Return a cycle in a state that nobody else holds, held until the transaction ends."""
    cursor = await tx.execute(_CLAIM, {"state": state, "without": list(without)})
    row = await cursor.fetchone()
    return None if row is None else Cycle(**row)


async def set_waiting_for(tx: Transaction, cycle: Cycle, sentence: str | None) -> None:
    """Say what a cycle waits for; nothing is written when it said so before."""
    if cycle.waiting_for != sentence:
        await tx.execute(
            "UPDATE payment_cycle SET waiting_for = %s WHERE cycle_id = %s",
            (sentence, cycle.cycle_id),
        )


async def step_cycle(tx: Transaction, cycle_id: UUID, *, before: str, after: str) -> bool:
    """Move a cycle one step if it stands where it should."""
    cursor = await tx.execute(
        "UPDATE payment_cycle SET state = %(after)s"
        " WHERE cycle_id = %(cycle_id)s AND state = %(before)s",
        {"cycle_id": cycle_id, "before": before, "after": after},
    )
    return cursor.rowcount == 1


async def insert_approval(
    tx: Transaction, cycle: Cycle, approval: Approval, *, approval_id: UUID
) -> None:
    """Keep a person's yes; the database refuses the maker, and anybody a second time."""
    await tx.execute(
        "INSERT INTO approval (approval_id, cycle_id, level, actor, maker, content_hash,"
        " frozen_at, approved_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            approval_id,
            cycle.cycle_id,
            approval.level,
            approval.actor,
            cycle.maker,
            cycle.content_hash,
            cycle.frozen_at,
            approval.approved_at,
        ),
    )


async def approvals_of(tx: Transaction, cycle_id: UUID) -> list[Approval]:
    """Return the approvals of a cycle, lowest level first."""
    cursor = await tx.execute(
        "SELECT level, actor, approved_at FROM approval WHERE cycle_id = %s ORDER BY level",
        (cycle_id,),
    )
    return [Approval(**row) for row in await cursor.fetchall()]


async def advance_released(tx: Transaction, *, at: datetime) -> int:
    """Move cycles past their release as far as files and instructions allow; count the steps."""
    steps = 0
    for statement in (_RELEASED, _RECONCILING, _CLOSED):
        cursor = await tx.execute(statement, {"at": at})
        steps += cursor.rowcount
    return steps


_RELEASED = """
UPDATE payment_cycle c SET state = 'RELEASED'
 WHERE c.state = 'RELEASING'
   AND NOT EXISTS (SELECT FROM transmission t
                    WHERE t.cycle_id = c.cycle_id AND t.state <> 'RECEIVED')
"""

_RECONCILING = """
UPDATE payment_cycle c SET state = 'RECONCILING'
 WHERE c.state = 'RELEASED'
   AND (EXISTS (SELECT FROM payment_instruction i
                 WHERE i.cycle_id = c.cycle_id AND i.state IN ('PAID', 'ACTION_NEEDED'))
        OR NOT EXISTS (SELECT FROM payment_instruction i
                        WHERE i.cycle_id = c.cycle_id AND i.under_way))
"""

_CLOSED = """
UPDATE payment_cycle c SET state = 'CLOSED', closed_at = %(at)s
 WHERE c.state = 'RECONCILING'
   AND NOT EXISTS (SELECT FROM payment_instruction i
                    WHERE i.cycle_id = c.cycle_id AND i.under_way)
"""
