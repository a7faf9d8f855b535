"""Answers that are kept for requests sent again, until nobody sends them again."""

from shared.storage.database import Database

FORGOTTEN_AT_ONCE_MAX = 10_000


async def forget_answers(database: Database, *, hours: int) -> bool:
    """Forget some answers older than so many hours; return True when more may be left.

    A request that is sent again after that acts again, as far as the rules of its service let it.
    """
    async with database.transaction() as tx:
        forgotten = await tx.execute(
            "DELETE FROM idempotency_key WHERE (client, key) IN (SELECT client, key"
            " FROM idempotency_key WHERE created_at < now() - make_interval(hours => %(hours)s)"
            " LIMIT %(limit)s FOR UPDATE SKIP LOCKED)",
            {"hours": hours, "limit": FORGOTTEN_AT_ONCE_MAX},
        )
    return forgotten.rowcount == FORGOTTEN_AT_ONCE_MAX
