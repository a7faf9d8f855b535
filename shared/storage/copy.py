"""Rows in bulk: COPY from memory, with columns declared once in the table classes."""

from collections.abc import Collection, Iterable, Sequence

from psycopg import sql
from sqlmodel import SQLModel

from shared.storage.database import Transaction


def column_names(table: type[SQLModel], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return the columns of a table class in their declared order."""
    columns = table.__table__.columns  # type: ignore[attr-defined] # made by SQLModel at run time
    return tuple(column.name for column in columns if column.name not in without)


async def copy_rows(
    tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Append rows to a table by COPY and return how many there were.

    Args:
        tx: The open transaction.
        table: Table (or temporary table) name.
        columns: Column names, in the order of each row's values.
        rows: The values; None is NULL.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)
            count += 1
    return count
