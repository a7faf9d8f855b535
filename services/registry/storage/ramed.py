"""Lists of RAMED: their sealed rows until they are matched, and what became of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.birth_dates import likely_births
from services.registry.domain.ramed import Outcome, RamedRow
from services.registry.storage.tables import RamedBlockRow, RamedRowRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import EVERYTHING, Transaction

BLOCK_TABLE = "ramed_block"
BODY_COLUMN = "body_sealed"
ROW_TABLE = "ramed_row"
NUMBER_COLUMN = "number_sealed"
_BLOCK_COLUMNS = column_names(RamedBlockRow)
CANDIDATES_OF_BIRTH_MAX = 500
"""Persons of one birth in one province who share a sound with a row, or carriers of its card; more
are not compared."""
_MATCHING = (
    "matching_id, client, regions, state, blocks_total, blocks_done, rows_total, matched,"
    " ambiguous, unknown, malformed, created_at, completed_at"
)
# OFFSET 0 keeps the sounds out of the conditions that an index may be asked for: most share theirs
# with thousands, whom the index of tokens would list anew for every row. Few share a birth.
_CANDIDATES = """
    WITH row AS MATERIALIZED (
        SELECT place - 1 AS place, province, born, tokens::bigint[] AS tokens
          FROM unnest(%(provinces)s::text[], %(born)s::date[], %(tokens)s::text[])
               WITH ORDINALITY AS row (province, born, tokens, place))
    SELECT wanted.place, near.person_id
      FROM unnest(%(places)s::int[], %(firsts)s::date[], %(befores)s::date[])
           AS wanted (place, first, before)
      JOIN row ON row.place = wanted.place
     CROSS JOIN LATERAL (
            SELECT person_id
              FROM (SELECT person_id, search_tokens FROM person
                     WHERE birth_date >= wanted.first AND birth_date < wanted.before
                       AND province_code = row.province
                       AND (%(everywhere)s OR region_code = ANY (%(regions)s))
                    OFFSET 0) AS born
             WHERE search_tokens && row.tokens
             LIMIT %(most)s) AS near
     UNION
    SELECT row.place, born.person_id
      FROM row
     CROSS JOIN LATERAL (
            SELECT person_id
              FROM (SELECT person_id, search_tokens FROM person
                     WHERE birth_date = row.born
                       AND (%(everywhere)s OR region_code = ANY (%(regions)s))
                    OFFSET 0) AS near
             WHERE near.search_tokens && row.tokens
               AND cardinality(ARRAY(SELECT unnest(near.search_tokens)
                                     INTERSECT SELECT unnest(row.tokens))) > 1
             LIMIT %(most)s) AS born
     UNION
    SELECT card.place, holder.person_id
      FROM unnest(%(card_places)s::int[], %(card_tokens)s::bigint[]) AS card (place, token)
     CROSS JOIN LATERAL (
            SELECT person_id FROM person
             WHERE search_tokens @> ARRAY[card.token]
               AND (%(everywhere)s OR region_code = ANY (%(regions)s))
             LIMIT %(most)s) AS holder
"""


@dataclass(frozen=True, slots=True)
class RamedMatching:
    """A list and its progress."""

    matching_id: UUID
    client: str
    regions: list[str]
    state: str
    blocks_total: int
    blocks_done: int
    rows_total: int
    matched: int
    ambiguous: int
    unknown: int
    malformed: int
    created_at: datetime
    completed_at: datetime | None


class RamedBlock(NamedTuple):
    """Rows that are still to be matched, sealed, in the order of the table's columns."""

    matching_id: UUID
    number: int
    block_id: UUID
    first_line: int
    body_sealed: bytes
    repeated_lines: list[int]
    """Its lines whose number an earlier line of the list has."""


class SoughtRow(NamedTuple):
    """A row, and the search tokens that the person it names may have."""

    row: RamedRow
    tokens: list[int]
    card_tokens: list[int]


class RamedResult(NamedTuple):
    """What became of a row, in the order of the table's columns."""

    matching_id: UUID
    line: int
    row_id: UUID
    region_code: str
    number_sealed: bytes
    outcome: str
    person_ids: list[UUID]
    score: int
    reasons: list[str]


async def add_matching(
    tx: Transaction, matching: RamedMatching, blocks: Sequence[RamedBlock]
) -> None:
    """Take a list to match."""
    await tx.execute(
        """
        INSERT INTO ramed_matching (matching_id, client, regions, state, blocks_total, rows_total,
                                    created_at)
        VALUES (%(matching_id)s, %(client)s, %(regions)s, %(state)s, %(blocks_total)s,
                %(rows_total)s, %(created_at)s)
        """,
        {
            "matching_id": matching.matching_id,
            "client": matching.client,
            "regions": matching.regions,
            "state": matching.state,
            "blocks_total": matching.blocks_total,
            "rows_total": matching.rows_total,
            "created_at": matching.created_at,
        },
    )
    await tx.execute(
        """
        INSERT INTO ramed_block (matching_id, number, block_id, first_line, body_sealed,
                                 repeated_lines)
        SELECT %(matching_id)s, number, block_id, first_line, body, repeated::int[]
          FROM unnest(%(numbers)s::int[], %(ids)s::uuid[], %(lines)s::int[], %(bodies)s::bytea[],
                      %(repeated)s::text[])
               AS block (number, block_id, first_line, body, repeated)
        """,
        {
            "matching_id": matching.matching_id,
            "numbers": [block.number for block in blocks],
            "ids": [block.block_id for block in blocks],
            "lines": [block.first_line for block in blocks],
            "bodies": [block.body_sealed for block in blocks],
            "repeated": ["{" + ",".join(map(str, block.repeated_lines)) + "}" for block in blocks],
        },
    )


async def read_matching(tx: Transaction, matching_id: UUID) -> RamedMatching | None:
    """Return a list and its progress."""
    cursor = await tx.execute(
        f"SELECT {_MATCHING} FROM ramed_matching WHERE matching_id = %(id)s",  # noqa: S608 -- our own column names
        {"id": matching_id},
    )
    row = await cursor.fetchone()
    return None if row is None else RamedMatching(**row)


async def next_unfinished_matching(tx: Transaction) -> RamedMatching | None:
    """Return the oldest list that is not completed."""
    cursor = await tx.execute(
        f"SELECT {_MATCHING} FROM ramed_matching WHERE state <> 'completed'"  # noqa: S608 -- our own column names
        " ORDER BY created_at, matching_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else RamedMatching(**row)


async def read_ramed_block(tx: Transaction, matching_id: UUID, *, number: int) -> RamedBlock | None:
    """Return a block that is still to be matched."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"SELECT {', '.join(_BLOCK_COLUMNS)} FROM ramed_block"  # noqa: S608 -- our own column names
        " WHERE matching_id = %(id)s AND number = %(number)s",
        {"id": matching_id, "number": number},
    )
    row = await cursor.fetchone()
    return None if row is None else RamedBlock(*row)


async def find_ramed_candidates(
    tx: Transaction,
    rows: Sequence[SoughtRow],
    *,
    regions: Sequence[str],
) -> list[tuple[int, UUID]]:
    """Return for each row, by its place, persons who may be the one it names.

    They share a sound of the row, live in its province, and are born on a day that it may mean; or
    they share two tokens and the very day, wherever they live; or they carry its card.

    Args:
        tx: A worker's transaction.
        rows: The rows.
        regions: The regions whose people the list may be matched to.
    """
    wanted = [
        (place, births.first, births.before)
        for place, sought in enumerate(rows)
        for births in likely_births(sought.row.birth_date)
    ]
    cards = [(place, token) for place, sought in enumerate(rows) for token in sought.card_tokens]
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        _CANDIDATES,
        {
            "provinces": [sought.row.province_code for sought in rows],
            "born": [sought.row.birth_date for sought in rows],
            "tokens": ["{" + ",".join(map(str, sought.tokens)) + "}" for sought in rows],
            "card_places": [place for place, _ in cards],
            "card_tokens": [token for _, token in cards],
            "places": [place for place, _, _ in wanted],
            "firsts": [first for _, first, _ in wanted],
            "befores": [before for _, _, before in wanted],
            "most": CANDIDATES_OF_BIRTH_MAX,
            "everywhere": EVERYTHING in regions,
            "regions": list(regions),
        },
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def record_results(
    tx: Transaction, matching: RamedMatching, results: Sequence[RamedResult]
) -> bool:
    """Keep what became of a block's rows and forget the block; False if another has done it."""
    counted = Counter(result.outcome for result in results)
    cursor = await tx.execute(
        """
        UPDATE ramed_matching
           SET state = 'matching', blocks_done = blocks_done + 1,
               matched = matched + %(matched)s, ambiguous = ambiguous + %(ambiguous)s,
               unknown = unknown + %(unknown)s, malformed = malformed + %(malformed)s
         WHERE matching_id = %(id)s AND blocks_done = %(done)s AND state <> 'completed'
        """,
        {
            "id": matching.matching_id,
            "done": matching.blocks_done,
            **{outcome.value: counted[outcome.value] for outcome in Outcome},
        },
    )
    if cursor.rowcount != 1:
        return False
    await copy_rows(tx, ROW_TABLE, column_names(RamedRowRow), results)
    await tx.execute(
        "DELETE FROM ramed_block WHERE matching_id = %(id)s AND number = %(number)s",
        {"id": matching.matching_id, "number": matching.blocks_done},
    )
    return True


async def complete_matching(tx: Transaction, matching_id: UUID, *, at: datetime) -> None:
    """Close a list."""
    await tx.execute(
        "UPDATE ramed_matching SET state = 'completed', completed_at = %(at)s"
        " WHERE matching_id = %(id)s",
        {"id": matching_id, "at": at},
    )


async def list_results(
    tx: Transaction, matching_id: UUID, *, outcome: str | None, after: int, limit: int
) -> list[RamedResult]:
    """Return what became of rows, in their order, from after a line."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT {", ".join(column_names(RamedRowRow))} FROM ramed_row
         WHERE matching_id = %(id)s AND line > %(after)s
           AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
         ORDER BY line LIMIT %(limit)s
        """,  # noqa: S608 -- our own column names
        {"id": matching_id, "outcome": outcome, "after": after, "limit": limit},
    )
    return [RamedResult(*row) for row in await cursor.fetchall()]


async def regions_of_persons(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return where persons are registered, of those whom this transaction may see."""
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        "SELECT person_id, region_code FROM person WHERE person_id = ANY(%(ids)s)",
        {"ids": list(person_ids)},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
