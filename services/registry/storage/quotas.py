"""How much of a client's day is set aside: one row per client and day, never one write per call."""

from datetime import date

from shared.storage.database import Transaction


async def reserve(tx: Transaction, client: str, *, day: date, wanted: int, quota: int) -> int:
    """Set aside up to `wanted` of a client's quota of a day, and return how much that was.

    Replicas meet on the row: together they never set aside more than the quota.
    """
    cursor = await tx.execute(
        """
        INSERT INTO partner_quota (client, day, reserved)
        VALUES (%(client)s, %(day)s, least(%(wanted)s::int, %(quota)s::int))
        ON CONFLICT (client, day) DO UPDATE
           SET reserved = partner_quota.reserved
                        + least(%(wanted)s::int, %(quota)s::int - partner_quota.reserved)
         WHERE partner_quota.reserved < %(quota)s::int
        RETURNING new.reserved - coalesce(old.reserved, 0) AS granted
        """,
        {"client": client, "day": day, "wanted": wanted, "quota": quota},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row["granted"])
