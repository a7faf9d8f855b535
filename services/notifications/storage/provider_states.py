"""Whether the bind to each SMS centre stands."""

from datetime import datetime

from shared.storage.database import Transaction


async def store_provider_state(
    tx: Transaction, provider: str, *, state: str, detail: str | None, at: datetime
) -> None:
    """Keep the newest state of a provider."""
    await tx.execute(
        """
        INSERT INTO provider_state (provider, state, detail, changed_at)
        VALUES (%(provider)s, %(state)s, %(detail)s, %(at)s)
        ON CONFLICT (provider) DO UPDATE
           SET state = excluded.state, detail = excluded.detail, changed_at = excluded.changed_at
        """,
        {"provider": provider, "state": state, "detail": detail, "at": at},
    )
