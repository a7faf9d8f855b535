"""Registered clients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.gateway.domain.clients import Client
from shared.storage.database import Transaction

_CLIENT = "client_id, public_keys, roles, scopes, regions, programmes, purposes, flags, disabled"
_INSERT = f"""
    INSERT INTO client ({_CLIENT}, registered_at, changed_at)
    SELECT {_CLIENT}, %(at)s, %(at)s
      FROM jsonb_to_recordset(%(clients)s) AS given (
           client_id text, public_keys jsonb, roles text[], scopes text[], regions text[],
           programmes text[], purposes text[], flags text[], disabled boolean)
"""  # noqa: S608 -- our own column names


async def find_client(tx: Transaction, client_id: str) -> Client | None:
    """Return the client, disabled or not."""
    result = await tx.execute(
        f"SELECT {_CLIENT} FROM client WHERE client_id = %(client_id)s",  # noqa: S608 -- our own column names
        {"client_id": client_id},
    )
    row = await result.fetchone()
    return None if row is None else _client(row)


async def lock_client(tx: Transaction, client_id: str) -> Client | None:
    """Return the client, which nobody else changes until the transaction ends."""
    result = await tx.execute(
        f"SELECT {_CLIENT} FROM client WHERE client_id = %(client_id)s FOR UPDATE",  # noqa: S608 -- our own column names
        {"client_id": client_id},
    )
    row = await result.fetchone()
    return None if row is None else _client(row)


async def list_clients(tx: Transaction, *, after: str, limit: int) -> list[Client]:
    """Return clients by name, from after one."""
    result = await tx.execute(
        f"SELECT {_CLIENT} FROM client WHERE client_id > %(after)s"  # noqa: S608 -- our own column names
        " ORDER BY client_id LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )
    return [_client(row) for row in await result.fetchall()]


async def add_client(tx: Transaction, client: Client, *, at: datetime) -> bool:
    """Store a client; False if there is one of its name."""
    result = await tx.execute(
        f"{_INSERT} ON CONFLICT DO NOTHING",
        {"clients": Jsonb([_record(client)]), "at": at},
    )
    return result.rowcount == 1


async def save_clients(tx: Transaction, clients: Sequence[Client], *, at: datetime) -> None:
    """Store the clients, replacing what was registered under their ids."""
    await tx.execute(
        f"""
        {_INSERT}
        ON CONFLICT (client_id) DO UPDATE
        SET (public_keys, roles, scopes, regions, programmes, purposes, flags, disabled,
             changed_at) = (EXCLUDED.public_keys, EXCLUDED.roles, EXCLUDED.scopes,
             EXCLUDED.regions, EXCLUDED.programmes, EXCLUDED.purposes, EXCLUDED.flags,
             EXCLUDED.disabled, EXCLUDED.changed_at)
        """,  # noqa: S608 -- our own column names
        {"clients": Jsonb([_record(client) for client in clients]), "at": at},
    )


def _record(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "public_keys": [dict(key) for key in client.public_keys],
        "roles": client.roles,
        "scopes": sorted(client.scopes),
        "regions": client.regions,
        "programmes": client.programmes,
        "purposes": client.purposes,
        "flags": client.flags,
        "disabled": client.disabled,
    }


def _client(row: dict[str, Any]) -> Client:
    return Client(
        client_id=row["client_id"],
        public_keys=tuple(row["public_keys"]),
        roles=tuple(row["roles"]),
        scopes=frozenset(row["scopes"]),
        regions=tuple(row["regions"]),
        programmes=tuple(row["programmes"]),
        purposes=tuple(row["purposes"]),
        flags=tuple(row["flags"]),
        disabled=row["disabled"],
    )
