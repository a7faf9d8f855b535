"""Runs: opened once per month of a programme, planned, completed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from shared.storage.database import Transaction

_SELECT_RUN: LiteralString = """
    SELECT run_id, programme, month, state, assessed_on, opened_at, completed_at,
           households_total, events, items, households_eligible, amount_centimes
      FROM run
"""
_IS_FINISHED: LiteralString = """
    WHERE state = 'assessing' AND NOT EXISTS (
          SELECT 1 FROM run_chunk WHERE run_chunk.run_id = run.run_id AND NOT is_done)
    ORDER BY opened_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A re-assessment of every household on file for one month of one programme."""

    run_id: UUID
    programme: str
    month: date
    state: str
    assessed_on: date
    opened_at: datetime
    completed_at: datetime | None
    households_total: int
    events: int
    items: int
    households_eligible: int
    amount_centimes: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run emitted, and what stands for its month."""

    events: int
    items: int
    households_eligible: int
    amount_centimes: int


async def insert_run(tx: Transaction, run: Run) -> None:
    """Keep a run that was just opened."""
    await tx.execute(
        """
        INSERT INTO run (run_id, programme, month, state, assessed_on, opened_at, completed_at,
                         households_total, events, items, households_eligible, amount_centimes)
        VALUES (%(run_id)s, %(programme)s, %(month)s, %(state)s, %(assessed_on)s, %(opened_at)s,
                NULL, 0, 0, 0, 0, 0)
        """,
        {
            "run_id": run.run_id,
            "programme": run.programme,
            "month": run.month,
            "state": run.state,
            "assessed_on": run.assessed_on,
            "opened_at": run.opened_at,
        },
    )


async def read_run(tx: Transaction, run_id: UUID) -> Run | None:
    """Return a run."""
    cursor = await tx.execute(_SELECT_RUN + " WHERE run_id = %(run_id)s", {"run_id": run_id})
    return _run(await cursor.fetchone())


async def runs_of_programme(tx: Transaction, programme: str, *, month: date) -> list[Run]:
    """Return the runs of a programme that matter to opening one for a month.

    They are those of the month itself, and those of any month that are not over.
    """
    cursor = await tx.execute(
        _SELECT_RUN
        + """
        WHERE programme = %(programme)s
          AND (month = %(month)s OR state IN ('planned', 'assessing'))
        """,
        {"programme": programme, "month": month},
    )
    return [Run(**row) for row in await cursor.fetchall()]


async def take_planned_run(tx: Transaction) -> Run | None:
    """Return the oldest run that waits to be cut into chunks, locked; None if there is none."""
    cursor = await tx.execute(
        _SELECT_RUN + " WHERE state = 'planned' ORDER BY opened_at LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return _run(await cursor.fetchone())


async def start_run(tx: Transaction, run_id: UUID, *, households_total: int) -> None:
    """Let the chunks of a run be claimed."""
    await tx.execute(
        """
        UPDATE run SET state = 'assessing', households_total = %(households_total)s
         WHERE run_id = %(run_id)s
        """,
        {"run_id": run_id, "households_total": households_total},
    )


async def take_finished_run(tx: Transaction) -> Run | None:
    """Return a run whose every chunk is done, locked; None if there is none."""
    cursor = await tx.execute(_SELECT_RUN + _IS_FINISHED)
    return _run(await cursor.fetchone())


async def count_totals(tx: Transaction, run: Run) -> Totals:
    """Count what the run emitted, and the eligible decisions that stand for its month.

    A decision stands for the month when it is the household's newest that takes effect not later.
    """
    cursor = await tx.execute(
        """
        WITH standing AS (
            SELECT DISTINCT ON (household_id) standing, outcome, amount_centimes
              FROM outcome
             WHERE programme = %(programme)s AND effective_month <= %(month)s
             ORDER BY household_id, version DESC
        )
        SELECT (SELECT coalesce(sum(events), 0)::bigint FROM run_chunk
                 WHERE run_id = %(run_id)s) AS events,
               (SELECT coalesce(sum(items), 0)::bigint FROM run_chunk
                 WHERE run_id = %(run_id)s) AS items,
               count(*) AS households_eligible,
               coalesce(sum(amount_centimes), 0)::bigint AS amount_centimes
          FROM standing WHERE standing = 'decision' AND outcome = 'eligible'
        """,
        {"programme": run.programme, "month": run.month, "run_id": run.run_id},
    )
    rows = await cursor.fetchall()
    return Totals(**rows[0])


async def complete_run(tx: Transaction, run_id: UUID, totals: Totals, *, at: datetime) -> None:
    """Write what a run came to, and close it."""
    await tx.execute(
        """
        UPDATE run
           SET state = 'completed', completed_at = %(at)s, events = %(events)s,
               items = %(items)s, households_eligible = %(households_eligible)s,
               amount_centimes = %(amount_centimes)s
         WHERE run_id = %(run_id)s
        """,
        {
            "run_id": run_id,
            "at": at,
            "events": totals.events,
            "items": totals.items,
            "households_eligible": totals.households_eligible,
            "amount_centimes": totals.amount_centimes,
        },
    )


async def fail_hopeless_runs(tx: Transaction, *, attempts_max: int) -> list[UUID]:
    """Close as failed the runs with a chunk that nobody could assess, and return their ids."""
    cursor = await tx.execute(
        """
        UPDATE run SET state = 'failed'
         WHERE state = 'assessing' AND EXISTS (
               SELECT 1 FROM run_chunk
                WHERE run_chunk.run_id = run.run_id AND NOT is_done
                  AND lease_token >= %(attempts_max)s
                  AND (leased_until IS NULL OR leased_until < now()))
        RETURNING run_id
        """,
        {"attempts_max": attempts_max},
    )
    return [row["run_id"] for row in await cursor.fetchall()]


async def households_done(tx: Transaction, run_id: UUID) -> int:
    """Return how many households of a run are assessed."""
    cursor = await tx.execute(
        """
        SELECT coalesce(sum(households), 0)::bigint AS households FROM run_chunk
         WHERE run_id = %(run_id)s AND is_done
        """,
        {"run_id": run_id},
    )
    rows = await cursor.fetchall()
    return int(rows[0]["households"])


def _run(row: dict[str, Any] | None) -> Run | None:
    return None if row is None else Run(**row)
