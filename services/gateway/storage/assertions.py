"""Client assertions that were spent."""

from datetime import datetime

from services.gateway.domain.assertions import Assertion
from shared.storage.database import Transaction

PURGE_ROWS_MAX = 10_000


async def spend_assertion(tx: Transaction, assertion: Assertion) -> bool:
    """Return True the first time, and False for an assertion that was spent before."""
    result = await tx.execute(
        "INSERT INTO assertion_jti (client_id, jti, expires_at)"
        " VALUES (%(client_id)s, %(jti)s, %(expires_at)s) ON CONFLICT DO NOTHING",
        {
            "client_id": assertion.client_id,
            "jti": assertion.jti,
            "expires_at": assertion.expires_at,
        },
    )
    return result.rowcount == 1


async def purge_assertions(tx: Transaction, *, now: datetime) -> int:
    """Forget at most `PURGE_ROWS_MAX` assertions that expired, and return how many."""
    result = await tx.execute(
        """
        DELETE FROM assertion_jti WHERE (client_id, jti) IN (
            SELECT client_id, jti FROM assertion_jti WHERE expires_at <= %(now)s
            ORDER BY expires_at LIMIT %(rows)s FOR UPDATE SKIP LOCKED)
        """,
        {"now": now, "rows": PURGE_ROWS_MAX},
    )
    return result.rowcount
