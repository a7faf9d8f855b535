"""Seal every sealed column of the registry under the active key, while everything runs on."""

import asyncio
from collections.abc import Callable

from services.registry.storage import resealing as storage
from services.registry.storage.resealing import SEALED_COLUMNS, Key, SealedColumn, SealedValue
from shared.runtime.ids import new_id
from shared.storage.database import Database
from shared.storage.sealed import SealedColumns, sealed_prefix
from shared.storage.tables import ANSWER_COLUMN, ANSWERS_TABLE

RESEAL_ROWS_MAX = 1_000

Told = Callable[[str, int], None]
"""Is told which column is being sealed anew, and how many of its values are."""


def tell_nobody(_column: str, _done: int) -> None:
    """Tell nobody."""


async def reseal(
    owner: Database,
    *,
    sealed: SealedColumns,
    tell: Told = tell_nobody,
    rows_max: int = RESEAL_ROWS_MAX,
) -> int:
    """Return how many values were sealed anew, answers from before answers were sealed included.

    Each chunk commits by itself, and values that the active key sealed are passed over: whatever
    interrupts this, running it again goes on where it stopped.

    Args:
        owner: The database as the owner of its tables.
        sealed: The keys.
        tell: Is told of progress.
        rows_max: How many values a transaction takes; of large ones it takes fewer.

    Raises:
        UnsealError: A value does not open; nothing of its chunk is changed.
    """
    total = await _seal_clear_answers(owner, sealed=sealed, tell=tell, rows_max=rows_max)
    for column in SEALED_COLUMNS:
        done, after = 0, None
        while True:
            count, after = await _next_chunk(
                owner,
                column,
                sealed=sealed,
                after=after,
                rows_max=min(rows_max, column.at_once),
            )
            if count == 0:
                break
            done += count
            tell(f"{column.table}.{column.column}", done)
        total += done
    return total


async def _seal_clear_answers(
    owner: Database, *, sealed: SealedColumns, tell: Told, rows_max: int
) -> int:
    seal, done = sealed.sealer(ANSWERS_TABLE, ANSWER_COLUMN), 0
    while True:
        async with owner.transaction() as tx:
            answers = await storage.lock_clear_answers(tx, at_most=rows_max)
            if not answers:
                return done
            ids = [new_id() for _ in answers]
            bodies = zip(ids, answers, strict=True)
            newer = [(one, seal(answer.body, one.bytes)) for one, answer in bodies]
            await storage.seal_answers(tx, answers, newer)
        done += len(answers)
        tell(f"{ANSWERS_TABLE}.{ANSWER_COLUMN}", done)


async def _next_chunk(
    owner: Database,
    column: SealedColumn,
    *,
    sealed: SealedColumns,
    after: Key | None,
    rows_max: int,
) -> tuple[int, Key | None]:
    prefix = sealed_prefix(sealed.sealing_key_id)
    async with owner.transaction() as tx:
        values, last = await storage.lock_values_under_other_keys(
            tx, column, prefix=prefix, after=after, at_most=rows_max
        )
        if values:
            newer = await asyncio.to_thread(_sealed_anew, column, values, sealed)
            await storage.replace_sealed_values(tx, column, newer)
    return len(values), last


def _sealed_anew(
    column: SealedColumn, values: list[SealedValue], sealed: SealedColumns
) -> list[SealedValue]:
    table, name = column.table, column.column
    return [
        value._replace(
            sealed=sealed.seal_bytes(
                sealed.unseal_bytes(value.sealed, table=table, column=name, row_id=value.row_id),
                table=table,
                column=name,
                row_id=value.row_id,
            )
        )
        for value in values
    ]


async def is_sealing_key_needed(key_id: str, *, owner: Database) -> bool:
    """Say whether any value of the registry was sealed by a version of the sealing key."""
    prefix = sealed_prefix(key_id)
    async with owner.transaction() as tx:
        for column in SEALED_COLUMNS:
            if await storage.is_key_named(tx, column, prefix=prefix):
                return True
    return False
