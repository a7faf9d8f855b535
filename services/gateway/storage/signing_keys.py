"""Signing keys, private halves sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.gateway.domain.clients import PublicKey
from services.gateway.domain.signing_keys import KeyStanding, KeyState
from shared.storage.database import Transaction

TABLE = "signing_key"
PRIVATE_COLUMN = "private_sealed"

# Any constant does; it only has to differ from the other advisory locks of this database.
_ROTATION_LOCK = 7_236_231_101


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as stored: who it is, where it stands, and its sealed private half."""

    key_id: UUID
    standing: KeyStanding
    private_sealed: bytes
    public_key: PublicKey


async def lock_rotation(tx: Transaction) -> None:
    """Let one process at a time decide about keys, until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _ROTATION_LOCK})


async def read_signing_keys(tx: Transaction) -> list[SigningKey]:
    """Return every key, oldest first."""
    result = await tx.execute(
        "SELECT key_id, kid, private_sealed, public_key, state, since FROM signing_key"
        " ORDER BY created_at, kid"
    )
    return [_signing_key(row) for row in await result.fetchall()]


async def find_active_key(tx: Transaction) -> SigningKey | None:
    """Return the key that signs now."""
    result = await tx.execute(
        "SELECT key_id, kid, private_sealed, public_key, state, since FROM signing_key"
        " WHERE state = 'active'"
    )
    row = await result.fetchone()
    return None if row is None else _signing_key(row)


async def add_signing_key(tx: Transaction, key: SigningKey) -> None:
    """Store a fresh key."""
    await tx.execute(
        """
        INSERT INTO signing_key (key_id, kid, private_sealed, public_key, state, since, created_at)
        VALUES (%(key_id)s, %(kid)s, %(private_sealed)s, %(public_key)s, %(state)s, %(since)s,
                %(since)s)
        """,
        {
            "key_id": key.key_id,
            "kid": key.standing.kid,
            "private_sealed": key.private_sealed,
            "public_key": Jsonb(dict(key.public_key)),
            "state": key.standing.state,
            "since": key.standing.since,
        },
    )


async def move_signing_key(
    tx: Transaction, kid: str, *, origin: KeyState, target: KeyState, at: datetime
) -> None:
    """Let one key stand in `target`, if it still stands in `origin`."""
    await tx.execute(
        "UPDATE signing_key SET state = %(target)s, since = %(at)s"
        " WHERE kid = %(kid)s AND state = %(origin)s",
        {"kid": kid, "origin": origin, "target": target, "at": at},
    )


async def forget_signing_keys(tx: Transaction, kids: Sequence[str]) -> None:
    """Delete keys that no valid token can name any more."""
    await tx.execute(
        "DELETE FROM signing_key WHERE state = 'retiring' AND kid = ANY (%(kids)s)",
        {"kids": list(kids)},
    )


def _signing_key(row: dict[str, Any]) -> SigningKey:
    standing = KeyStanding(kid=row["kid"], state=KeyState(row["state"]), since=row["since"])
    return SigningKey(
        key_id=row["key_id"],
        standing=standing,
        private_sealed=row["private_sealed"],
        public_key=row["public_key"],
    )
