"""The cutoff: which month of a programme is still open to decisions."""

from collections.abc import Sequence
from datetime import date

from shared.storage.database import Transaction


async def open_months(
    tx: Transaction, programmes: Sequence[str], *, month: date
) -> dict[str, date]:
    """Return the first month open for each programme, and hold it open until the end of `tx`.

    Args:
        tx: The transaction that decides; a run that wants to close the month waits for it.
        programmes: Which programmes.
        month: The month of the business date: no decision takes effect earlier.
    """
    await _ensure(tx, programmes, month=month)
    cursor = await tx.execute(
        """
        SELECT programme, greatest(open_month, %(month)s) AS open_month
          FROM programme_month WHERE programme = ANY(%(programmes)s)
         ORDER BY programme FOR SHARE
        """,
        {"programmes": list(programmes), "month": month},
    )
    return {row["programme"]: row["open_month"] for row in await cursor.fetchall()}


async def hold_open_month(tx: Transaction, programme: str, *, month: date) -> date:
    """Return the first month open for a programme, waiting for every decision on its way.

    Until `tx` ends nobody decides on the programme.
    """
    await _ensure(tx, [programme], month=month)
    cursor = await tx.execute(
        "SELECT open_month FROM programme_month WHERE programme = %(programme)s FOR UPDATE",
        {"programme": programme},
    )
    row = await cursor.fetchone()
    opened: date = month if row is None else row["open_month"]
    return opened


async def open_from(tx: Transaction, programme: str, *, month: date) -> None:
    """Close every month before `month`, which decisions take effect in from now on."""
    await tx.execute(
        """
        UPDATE programme_month SET open_month = greatest(open_month, %(month)s)
         WHERE programme = %(programme)s
        """,
        {"programme": programme, "month": month},
    )


async def _ensure(tx: Transaction, programmes: Sequence[str], *, month: date) -> None:
    await tx.execute(
        """
        INSERT INTO programme_month (programme, open_month)
        SELECT programme, %(month)s FROM unnest(%(programmes)s::text[]) AS asked (programme)
         ORDER BY programme
        ON CONFLICT (programme) DO NOTHING
        """,
        {"programmes": list(programmes), "month": month},
    )
