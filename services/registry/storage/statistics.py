"""Counts of the register by commune and day: kept as it changes, never counted over again.

Triggers write the changes in the transactions that make them; the worker adds them up. A reader
adds the pending ones to the rest, so that counts are exact at once.
"""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString

from psycopg.rows import tuple_row

from shared.kernel.small_counts import Counts
from shared.storage.database import Transaction

PERSONS_REGISTERED = "persons-registered"
HOUSEHOLDS_REGISTERED = "households-registered"
REVIEWS_DUE = "reviews-due"
CHANGES_FOLDED_MAX = 50_000


async def read_standing(tx: Transaction) -> dict[str, Counts]:
    """Return persons alive, households and their members, by commune."""
    return await _counts(
        tx,
        """
        SELECT commune_code, sum(persons)::bigint, sum(households)::bigint, sum(members)::bigint
          FROM (SELECT commune_code, persons, households, members FROM commune_count
                 UNION ALL
                SELECT commune_code,
                       CASE measure WHEN 'persons' THEN number ELSE 0 END,
                       CASE measure WHEN 'households' THEN number ELSE 0 END,
                       CASE measure WHEN 'members' THEN number ELSE 0 END
                  FROM count_change WHERE day IS NULL) AS each
         GROUP BY commune_code
        """,
        {},
    )


async def read_due_reviews(tx: Transaction, *, before: date) -> dict[str, Counts]:
    """Return how many households had to be reviewed before a day and were not, by commune."""
    return await _counts(
        tx,
        """
        SELECT commune_code, sum(number)::bigint
          FROM (SELECT commune_code, measure, day, number FROM commune_day_count
                 UNION ALL
                SELECT commune_code, measure, day, number FROM count_change) AS each
         WHERE measure = %(measure)s AND day < %(before)s
         GROUP BY commune_code
        """,
        {"measure": REVIEWS_DUE, "before": before},
    )


async def read_registered_by_day(tx: Transaction) -> dict[date, Counts]:
    """Return persons and households registered on each day that there ever were any."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT day, coalesce(sum(number) FILTER (WHERE measure = %(persons)s), 0)::bigint,
               coalesce(sum(number) FILTER (WHERE measure = %(households)s), 0)::bigint
          FROM (SELECT measure, day, number FROM commune_day_count
                 UNION ALL
                SELECT measure, day, number FROM count_change) AS each
         WHERE measure IN (%(persons)s, %(households)s) GROUP BY day
        """,
        {"persons": PERSONS_REGISTERED, "households": HOUSEHOLDS_REGISTERED},
    )
    return {day: tuple(counts) for day, *counts in await cursor.fetchall()}


async def fold_changes(tx: Transaction, *, most: int = CHANGES_FOLDED_MAX) -> int:
    """Add pending changes to the counts, and return how many there were.

    Several workers may do so at once: none takes what another holds, and all lock counts in one
    order.
    """
    cursor = await tx.execute(
        """
        WITH taken AS (
            DELETE FROM count_change WHERE change_id IN (
                SELECT change_id FROM count_change ORDER BY change_id
                 LIMIT %(most)s FOR UPDATE SKIP LOCKED)
            RETURNING *
        ), standing AS (
            INSERT INTO commune_count AS held
                   (commune_code, province_code, region_code, persons, households, members)
            SELECT commune_code, province_code, region_code,
                   coalesce(sum(number) FILTER (WHERE measure = 'persons'), 0),
                   coalesce(sum(number) FILTER (WHERE measure = 'households'), 0),
                   coalesce(sum(number) FILTER (WHERE measure = 'members'), 0)
              FROM taken WHERE day IS NULL
             GROUP BY commune_code, province_code, region_code ORDER BY commune_code
            ON CONFLICT (commune_code) DO UPDATE
               SET persons = held.persons + excluded.persons,
                   households = held.households + excluded.households,
                   members = held.members + excluded.members
        ), by_day AS (
            INSERT INTO commune_day_count AS held
                   (commune_code, measure, day, province_code, region_code, number)
            SELECT commune_code, measure, day, province_code, region_code, sum(number)
              FROM taken WHERE day IS NOT NULL
             GROUP BY commune_code, measure, day, province_code, region_code
             ORDER BY commune_code, measure, day
            ON CONFLICT (commune_code, measure, day) DO UPDATE
               SET number = held.number + excluded.number
        )
        SELECT count(*) AS changes FROM taken
        """,
        {"most": most},
    )
    (row,) = await cursor.fetchall()
    changes: int = row["changes"]
    return changes


async def _counts(
    tx: Transaction, statement: LiteralString, parameters: dict[str, object]
) -> dict[str, Counts]:
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(statement, parameters)
    rows: Sequence[tuple[str, ...]] = await cursor.fetchall()
    return {commune: tuple(map(int, counts)) for commune, *counts in rows}
