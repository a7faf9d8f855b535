"""Blocks of the access log: which rows are final, what they digest to, and the chain so far."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.access_chain import (
    ROW_FIELDS,
    START,
    LoggedRow,
    Position,
    SealedBlock,
)
from services.registry.storage.tables import AccessBlockRow
from shared.storage.copy import column_names
from shared.storage.database import Transaction

_BLOCK_COLUMNS = column_names(AccessBlockRow)
# One sealer at a time; whoever comes second has nothing to do.
_SEALING_LOCK = 7_236_231_004

_INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_DATE = "to_char({}, 'YYYY-MM-DD')"
_TEXT = "{}::text"
_FORMS = {
    "accessed_at": _INSTANT,
    "known_at": _INSTANT,
    "sealed_at": _INSTANT,
    "valid_on": _DATE,
}
# How each column is written before it is digested; domain.access_chain.row_digest says the same.
_ROW_TEXTS = ", ".join(_FORMS.get(field, _TEXT).format(field) for field in ROW_FIELDS)
_DIGEST = f"sha256(convert_to(array_to_json(ARRAY[{_ROW_TEXTS}] || attributes)::text, 'UTF8'))"
_BLOCK_TEXTS = ", ".join(
    _FORMS["sealed_at"].format(column) if column == "sealed_at" else column
    for column in _BLOCK_COLUMNS
)


class RowTexts(NamedTuple):
    """A row of the access log with every column as text, ready to be digested or exported."""

    position: Position
    texts: dict[str, str | None]
    attributes: list[str]


async def may_seal(tx: Transaction) -> bool:
    """Say whether this transaction alone may add a block; it may until it ends."""
    cursor = await tx.execute(
        "SELECT pg_try_advisory_xact_lock(%(lock)s) AS mine", {"lock": _SEALING_LOCK}
    )
    row = await cursor.fetchone()
    return row is not None and bool(row["mine"])


async def first_row_of_no_transaction(tx: Transaction) -> UUID | None:
    """Return a row that claims a transaction the server has not begun, so that none wrote it."""
    cursor = await tx.execute(
        "SELECT access_id FROM access_log"
        " WHERE written_in >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        " ORDER BY written_in, access_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return None if row is None else row["access_id"]


async def read_last_block(tx: Transaction) -> SealedBlock | None:
    """Return the head of the chain, or None before the first block."""
    blocks = await _read_blocks(tx, "ORDER BY number DESC LIMIT 1", {})
    return blocks[0] if blocks else None


async def count_blocks(tx: Transaction) -> int:
    """Return the number of the newest block, which is how many there ever were."""
    cursor = await tx.execute("SELECT coalesce(max(number), 0) AS newest FROM access_block")
    row = await cursor.fetchone()
    return 0 if row is None else int(row["newest"])


async def read_blocks(tx: Transaction, *, after: int, at_most: int) -> list[SealedBlock]:
    """Return the blocks that follow the one numbered `after`, in their order."""
    return await _read_blocks(
        tx,
        "WHERE number > %(after)s ORDER BY number LIMIT %(at_most)s",
        {"after": after, "at_most": at_most},
    )


async def _read_blocks(
    tx: Transaction, rest: str, parameters: dict[str, object]
) -> list[SealedBlock]:
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    query = f"SELECT {_BLOCK_TEXTS} FROM access_block {rest}"  # noqa: S608 -- our own names
    await cursor.execute(query.encode(), parameters)
    return [SealedBlock(*row) for row in await cursor.fetchall()]


async def read_end_of_block(tx: Transaction, number: int) -> Position:
    """Return where the block of this number ends; where the log starts if there is none."""
    blocks = await _read_blocks(tx, "WHERE number = %(number)s", {"number": number})
    return blocks[0].end if blocks else START


async def digest_final_rows(tx: Transaction, *, after: Position, at_most: int) -> list[LoggedRow]:
    """Return the next rows that can no longer be joined by earlier ones, with their digests.

    A row is final when every transaction that began before its own has ended: nobody can then
    write a row that stands before it. The digests are made by the database, which saves carrying
    the rows here; a verifier makes them anew from the columns.
    """
    cursor = tx.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT written_in, access_id, {_DIGEST}
          FROM access_log
         WHERE (written_in, access_id) > (%(written_in)s, %(access_id)s)
           AND written_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         ORDER BY written_in, access_id, accessed_at LIMIT %(at_most)s
        """.encode(),  # noqa: S608 -- our own column names
        {"written_in": after.written_in, "access_id": after.access_id, "at_most": at_most},
    )
    return [
        LoggedRow(Position(written_in, access_id), digest)
        for written_in, access_id, digest in await cursor.fetchall()
    ]


async def oldest_unsealed(tx: Transaction, *, after: Position) -> datetime | None:
    """Return when the first row that is behind the chain was logged, if there is one."""
    cursor = await tx.execute(
        "SELECT accessed_at FROM access_log WHERE (written_in, access_id) > (%(end)s, %(id)s)"
        " ORDER BY written_in, access_id LIMIT 1",
        {"end": after.written_in, "id": after.access_id},
    )
    row = await cursor.fetchone()
    return None if row is None else row["accessed_at"]


async def transactions_run_behind(tx: Transaction, end: Position) -> bool:
    """Say whether this server counts transactions from before the end of the chain.

    So it is after a logical restore into a new server: what is logged then would stand before rows
    that are sealed already.
    """
    cursor = await tx.execute(
        "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint <= %(end)s AS behind",
        {"end": end.written_in},
    )
    row = await cursor.fetchone()
    return row is not None and bool(row["behind"])


async def add_block(tx: Transaction, block: SealedBlock) -> None:
    """Add a link to the chain."""
    values = ", ".join(f"%({column})s" for column in _BLOCK_COLUMNS)
    insert = f"INSERT INTO access_block ({', '.join(_BLOCK_COLUMNS)}) VALUES ({values})"  # noqa: S608 -- our own column names
    await tx.execute(insert.encode(), block._asdict())


async def read_row_texts(
    tx: Transaction, *, after: Position, until: Position, at_most: int
) -> list[RowTexts]:
    """Return rows of the log from one place to another, the first excluded, in their order."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT written_in, access_id, ARRAY[{_ROW_TEXTS}], attributes
          FROM access_log
         WHERE (written_in, access_id) > (%(after_in)s, %(after_id)s)
           AND (written_in, access_id) <= (%(until_in)s, %(until_id)s)
         ORDER BY written_in, access_id, accessed_at LIMIT %(at_most)s
        """.encode(),  # noqa: S608 -- our own column names
        {
            "after_in": after.written_in,
            "after_id": after.access_id,
            "until_in": until.written_in,
            "until_id": until.access_id,
            "at_most": at_most,
        },
    )
    return [
        RowTexts(
            Position(written_in, access_id), dict(zip(ROW_FIELDS, texts, strict=True)), attributes
        )
        for written_in, access_id, texts, attributes in await cursor.fetchall()
    ]
