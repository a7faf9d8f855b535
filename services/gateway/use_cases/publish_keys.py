"""Publish the keys by which anybody can verify our tokens."""

from collections.abc import Mapping
from typing import TypedDict

from services.gateway.storage.signing_keys import read_signing_keys
from shared.storage.database import Database


class KeySet(TypedDict):
    """A JSON Web Key Set (RFC 7517 section 5)."""

    keys: list[Mapping[str, str]]


async def publish_keys(database: Database) -> KeySet:
    """Return the public halves of every key: the next, the active and the retiring."""
    async with database.transaction() as tx:
        keys = await read_signing_keys(tx)
    return {"keys": [key.public_key for key in keys]}
