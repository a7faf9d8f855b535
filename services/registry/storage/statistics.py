"""How many persons and households are registered, within the rows that a caller may see."""

from typing import NamedTuple

from shared.storage.database import Transaction


class RegistryCounts(NamedTuple):
    """Persons and households on the register."""

    persons: int
    households: int


async def count_registered(tx: Transaction) -> RegistryCounts:
    """Return the counts over the regions of this transaction's scope."""
    cursor = await tx.execute(
        "SELECT (SELECT count(*) FROM person) AS persons,"
        " (SELECT count(*) FROM household) AS households"
    )
    (row,) = await cursor.fetchall()
    return RegistryCounts(**row)
