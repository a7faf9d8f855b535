"""How much of a client's day is set aside: one row per client and day, never one write per call."""

from datetime import date

from shared.storage.database import Transaction


async def reserve(
    tx: Transaction, client: str, *, day: date, wanted: int, quota: int, given_back: int = 0
) -> int:
    """Set aside up to `wanted` of a client's quota of a day, and return how much that was.

    Replicas meet on the row: together they never set aside more than the quota.

    Args:
        tx: The open transaction.
        client: Whose day.
        day: In Casablanca.
        wanted: How much at most.
        quota: How much the policy in force allows.
        given_back: How much of what was set aside before is spent by nobody; it may be more than a
            quota that was lowered, and then nothing more is set aside.
    """
    cursor = await tx.execute(
        """
        INSERT INTO partner_quota (client, day, reserved)
        VALUES (%(client)s, %(day)s, least(%(wanted)s::int, %(quota)s::int))
        ON CONFLICT (client, day) DO UPDATE
           SET reserved = partner_quota.reserved - %(given_back)s::int
                        + greatest(0, least(%(wanted)s::int, %(quota)s::int
                                            - partner_quota.reserved + %(given_back)s::int))
         WHERE partner_quota.reserved - %(given_back)s::int < %(quota)s::int
            OR %(given_back)s::int > 0
        RETURNING new.reserved
                  - coalesce(old.reserved - %(given_back)s::int, 0) AS granted
        """,
        {
            "client": client,
            "day": day,
            "wanted": wanted,
            "quota": quota,
            "given_back": given_back,
        },
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row["granted"])
