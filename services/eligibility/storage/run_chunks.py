"""Chunks of a run: ranges of households that workers claim under fenced leases."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Chunk:
    """A claimed range of households; the token unmasks a claim that has expired."""

    run_id: UUID
    number: int
    token: int
    first_household_id: UUID
    last_household_id: UUID
    programme: str
    month: date
    assessed_on: date


async def cut_chunks(tx: Transaction, run_id: UUID, *, households_max: int) -> int:
    """Cut the households that stand into ranges of at most so many; return how many households.

    Nothing is to be decided anew on the dissolved; a range that spans some leaves them as they are.
    """
    cursor = await tx.execute(
        """
        WITH numbered AS (
            SELECT household_id, (row_number() OVER (ORDER BY household_id) - 1) AS place
              FROM household
             WHERE NOT EXISTS (
                   SELECT FROM dissolution
                    WHERE dissolution.household_id = household.household_id
                      AND dissolution.version = household.fact_version)
        ), edged AS (
            SELECT place, household_id AS first_id,
                   first_value(household_id) OVER chunk AS chunk_first,
                   last_value(household_id) OVER chunk AS chunk_last,
                   count(*) OVER chunk AS households
              FROM numbered
            WINDOW chunk AS (PARTITION BY place / %(size)s ORDER BY household_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        )
        INSERT INTO run_chunk (run_id, number, first_household_id, last_household_id, households,
                               is_done, lease_token, events, items)
        SELECT %(run_id)s, place / %(size)s, chunk_first, chunk_last, households, false, 0, 0, 0
          FROM edged WHERE first_id = chunk_first
        RETURNING households
        """,
        {"run_id": run_id, "size": households_max},
    )
    return sum(row["households"] for row in await cursor.fetchall())


async def claim_chunk(tx: Transaction, *, lease_seconds: int, attempts_max: int) -> Chunk | None:
    """Claim the next chunk of the oldest run, or one whose lease has expired; None if all are.

    Leases count by the database's own clock, from the commit of this short transaction.
    """
    cursor = await tx.execute(
        """
        WITH next AS (
            SELECT run_chunk.run_id, number FROM run_chunk JOIN run USING (run_id)
             WHERE run.state = 'assessing' AND NOT is_done
               AND (leased_until IS NULL OR leased_until < now())
               AND lease_token < %(attempts_max)s
             ORDER BY opened_at, run_chunk.run_id, number
             LIMIT 1
               FOR UPDATE OF run_chunk SKIP LOCKED
        )
        UPDATE run_chunk
           SET lease_token = lease_token + 1,
               leased_until = now() + make_interval(secs => %(lease_seconds)s)
          FROM next, run
         WHERE run_chunk.run_id = next.run_id AND run_chunk.number = next.number
           AND run.run_id = next.run_id
        RETURNING run_chunk.run_id, run_chunk.number, lease_token AS token, first_household_id,
                  last_household_id, programme, month, assessed_on
        """,
        {"lease_seconds": lease_seconds, "attempts_max": attempts_max},
    )
    row = await cursor.fetchone()
    return None if row is None else Chunk(**row)


async def household_ids_of(tx: Transaction, chunk: Chunk) -> list[UUID]:
    """Return the households of a chunk, locked in order: nobody decides on them meanwhile."""
    cursor = await tx.execute(
        """
        SELECT household_id FROM household
         WHERE household_id BETWEEN %(first)s AND %(last)s
         ORDER BY household_id FOR NO KEY UPDATE
        """,
        {"first": chunk.first_household_id, "last": chunk.last_household_id},
    )
    return [row["household_id"] for row in await cursor.fetchall()]


async def finish_chunk(tx: Transaction, chunk: Chunk, *, events: int, items: int) -> bool:
    """Mark a chunk done with what it emitted; False if the claim has passed to somebody else."""
    cursor = await tx.execute(
        """
        UPDATE run_chunk
           SET is_done = true, leased_until = NULL, events = %(events)s, items = %(items)s
         WHERE run_id = %(run_id)s AND number = %(number)s AND lease_token = %(token)s
           AND NOT is_done
        """,
        {
            "run_id": chunk.run_id,
            "number": chunk.number,
            "token": chunk.token,
            "events": events,
            "items": items,
        },
    )
    return cursor.rowcount == 1


async def release_chunk(tx: Transaction, chunk: Chunk) -> None:
    """Let somebody else claim a chunk at once, if the claim still stands."""
    await tx.execute(
        """
        UPDATE run_chunk SET leased_until = NULL
         WHERE run_id = %(run_id)s AND number = %(number)s AND lease_token = %(token)s
        """,
        {"run_id": chunk.run_id, "number": chunk.number, "token": chunk.token},
    )
