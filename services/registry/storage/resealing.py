"""Every sealed column of the registry, and sealing it anew under another key.

Run as the owner of the tables: versions are append-only for everybody else, and what is sealed
anew says the same as before.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg import sql
from psycopg.rows import tuple_row

from services.registry.storage.tables import RegistryTable
from shared.storage.database import Transaction
from shared.storage.tables import ANSWER_COLUMN, ANSWERS_TABLE


class SealedColumn(NamedTuple):
    """A column of sealed values, and the column whose id each value is bound to."""

    table: str
    column: str
    row_id: str
    at_once: int = 1_000
    """How many values are held in memory; bodies of files and messages are large."""


_BODIES, _MESSAGES = 8, 50
SEALED_COLUMNS = (
    SealedColumn("person", "idcs_sealed", "person_id"),
    SealedColumn("person_version", "particulars_sealed", "version_id"),
    SealedColumn("household", "reference_sealed", "household_id"),
    SealedColumn("household_version", "phone_sealed", "version_id"),
    SealedColumn("import_block", "body_sealed", "block_id", at_once=_BODIES),
    SealedColumn("consent", "evidence_sealed", "consent_id"),
    SealedColumn("declaration", "evidence_sealed", "declaration_id"),
    SealedColumn("guardianship", "evidence_sealed", "guardianship_id"),
    SealedColumn("export_block", "body_sealed", "block_id", at_once=_BODIES),
    SealedColumn("ramed_block", "body_sealed", "block_id", at_once=_BODIES),
    SealedColumn("ramed_row", "number_sealed", "row_id"),
    SealedColumn("dci_message", "request_sealed", "message_key", at_once=_MESSAGES),
    SealedColumn("dci_message", "outcome_sealed", "message_key", at_once=_MESSAGES),
    SealedColumn("dci_callback", "uri_sealed", "callback_id"),
    SealedColumn("dci_callback", "body_sealed", "callback_id", at_once=_MESSAGES),
    SealedColumn(ANSWERS_TABLE, ANSWER_COLUMN, "answer_id", at_once=_MESSAGES),
)


class ClearAnswer(NamedTuple):
    """An answer kept for a repeated request when answers were not sealed yet."""

    client: str
    key: str
    body: bytes


class SealedValue(NamedTuple):
    """A value where it stands: its row's place in the table, and the id that it is bound to."""

    place: str
    row_id: UUID
    sealed: bytes


Key = tuple[object, ...]


async def lock_values_under_other_keys(
    tx: Transaction, column: SealedColumn, *, prefix: bytes, after: Key | None, at_most: int
) -> tuple[list[SealedValue], Key | None]:
    """Return the next values that another key sealed, locked, and where to go on.

    Args:
        tx: The transaction that will replace them.
        column: Where they stand.
        prefix: What values of the wanted key begin with.
        after: The primary key behind which to go on; None begins.
        at_most: How many.
    """
    keys = [sql.Identifier(name) for name in _primary_key(column.table)]
    beyond: sql.Composable = sql.SQL("")
    if after is not None:
        row = sql.SQL(", ").join(sql.Placeholder(f"key_{index}") for index in range(len(keys)))
        beyond = sql.SQL("AND ({}) > ({})").format(sql.SQL(", ").join(keys), row)
    query = sql.SQL(
        """
        SELECT ctid::text, {row_id}, {column}, {keys} FROM {table}
         WHERE substring({column} FROM 1 FOR %(length)s) <> %(prefix)s {beyond}
         ORDER BY {keys} LIMIT %(at_most)s FOR NO KEY UPDATE
        """
    ).format(
        row_id=sql.Identifier(column.row_id),
        column=sql.Identifier(column.column),
        table=sql.Identifier(column.table),
        keys=sql.SQL(", ").join(keys),
        beyond=beyond,
    )
    parameters: dict[str, object] = {"length": len(prefix), "prefix": prefix, "at_most": at_most}
    parameters |= {f"key_{index}": value for index, value in enumerate(after or ())}
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(query, parameters)
    rows = await cursor.fetchall()
    values = [SealedValue(place, row_id, sealed) for place, row_id, sealed, *_ in rows]
    return values, tuple(rows[-1][3:]) if rows else None


async def replace_sealed_values(
    tx: Transaction, column: SealedColumn, values: Sequence[SealedValue]
) -> None:
    """Write locked values anew; nobody can have moved their rows meanwhile."""
    query = sql.SQL(
        "UPDATE {table} SET {column} = newer.sealed"
        " FROM unnest(%(places)s::tid[], %(sealed)s::bytea[]) AS newer (place, sealed)"
        " WHERE {table}.ctid = newer.place"
    ).format(table=sql.Identifier(column.table), column=sql.Identifier(column.column))
    await tx.execute(
        query,
        {
            "places": [value.place for value in values],
            "sealed": [value.sealed for value in values],
        },
    )


async def lock_clear_answers(tx: Transaction, *, at_most: int) -> list[ClearAnswer]:
    """Return some answers that stand in clear, locked."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        "SELECT client, key, body FROM idempotency_key WHERE body IS NOT NULL"
        " LIMIT %(at_most)s FOR NO KEY UPDATE",
        {"at_most": at_most},
    )
    return [ClearAnswer(*row) for row in await cursor.fetchall()]


async def seal_answers(
    tx: Transaction, answers: Sequence[ClearAnswer], sealed: Sequence[tuple[UUID, bytes]]
) -> None:
    """Put sealed answers, each under its new id, in the place of locked ones in clear."""
    await tx.execute(
        """
        UPDATE idempotency_key AS kept
           SET body = NULL, answer_id = newer.answer_id, body_sealed = newer.body_sealed
          FROM unnest(%(clients)s::text[], %(keys)s::text[], %(ids)s::uuid[], %(sealed)s::bytea[])
               AS newer (client, key, answer_id, body_sealed)
         WHERE kept.client = newer.client AND kept.key = newer.key
        """,
        {
            "clients": [answer.client for answer in answers],
            "keys": [answer.key for answer in answers],
            "ids": [answer_id for answer_id, _ in sealed],
            "sealed": [body for _, body in sealed],
        },
    )


async def is_key_named(tx: Transaction, column: SealedColumn, *, prefix: bytes) -> bool:
    """Say whether any value of a column was sealed by the key with this prefix."""
    query = sql.SQL(
        "SELECT EXISTS (SELECT 1 FROM {table}"
        " WHERE substring({column} FROM 1 FOR %(length)s) = %(prefix)s) AS named"
    ).format(table=sql.Identifier(column.table), column=sql.Identifier(column.column))
    cursor = await tx.execute(query, {"length": len(prefix), "prefix": prefix})
    row = await cursor.fetchone()
    return row is not None and bool(row["named"])


def _primary_key(table: str) -> list[str]:
    return [column.name for column in RegistryTable.metadata.tables[table].primary_key]
