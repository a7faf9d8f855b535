"""Fenced leases: one owner of a job at a time, and a token that unmasks a late one.

The token grows with each new owner. Whoever writes under a lease states the token in the write,
so that an owner that slept past its lease cannot overwrite its successor.
"""

from collections.abc import Sequence
from typing import TypeAlias

from psycopg import sql

from shared.storage.database import Transaction

ClaimColumn: TypeAlias = tuple[str, str]
"""A table, and its column that says until when a row is somebody's to work on."""


async def acquire_lease(tx: Transaction, name: str, *, owner: str, seconds: int) -> int | None:
    """Take or renew the lease `name`, and return its fencing token; None if another holds it.

    Args:
        tx: A short transaction; the lease counts from its commit.
        name: What is leased.
        owner: Who wants it; the same owner renews and keeps its token.
        seconds: How long it holds, by the database's clock.
    """
    cursor = await tx.execute(
        """
        INSERT INTO lease (name, owner, token, expires_at)
        VALUES (%(name)s, %(owner)s, 1, now() + make_interval(secs => %(seconds)s))
        ON CONFLICT (name) DO UPDATE
           SET owner = excluded.owner,
               token = lease.token + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END,
               expires_at = excluded.expires_at
         WHERE lease.owner = excluded.owner OR lease.expires_at < now()
        RETURNING token
        """,
        {"name": name, "owner": owner, "seconds": seconds},
    )
    row = await cursor.fetchone()
    return None if row is None else int(row["token"])


async def release_lease(tx: Transaction, name: str, *, owner: str) -> None:
    """Give the lease back at once, if `owner` still holds it; its token is never used again."""
    await tx.execute(
        "UPDATE lease SET expires_at = '-infinity', owner = ''"
        " WHERE name = %(name)s AND owner = %(owner)s",
        {"name": name, "owner": owner},
    )


async def end_leases(tx: Transaction, claims: Sequence[ClaimColumn]) -> None:
    """End every lease and claim of a database, whoever holds it: nobody may be at work on it.

    What is claimed again is done again, under the same ids, as after a lease that ran out; the
    tokens of the old owners are never used again.

    Args:
        tx: A short transaction of a worker.
        claims: What rows of the service are claimed by; those of the outbox are ended in any case.
    """
    await tx.execute(
        "UPDATE lease SET expires_at = '-infinity', owner = '' WHERE expires_at > now()"
    )
    await tx.execute(
        "UPDATE outbox SET claimed_until = now() WHERE sent_at IS NULL AND claimed_until > now()"
    )
    for table, column in claims:
        statement = sql.SQL("UPDATE {table} SET {column} = now() WHERE {column} > now()")
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        await tx.execute(statement.format(**names))
