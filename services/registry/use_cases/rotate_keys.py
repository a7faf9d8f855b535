"""Rotate a key of the registry while it serves, and forget a version that nothing needs."""

import time
from collections.abc import Callable
from pathlib import Path

from services.registry.use_cases.access_seals import FOLDER as ACCESS_SEAL
from services.registry.use_cases.access_seals import keep_public_key
from services.registry.use_cases.dci_signing import SIGNING_KEYS
from services.registry.use_cases.partner_tokens import KEYS_FOLDER as TOKEN_KEYS
from services.registry.use_cases.reindex import is_index_key_needed
from services.registry.use_cases.reseal import is_sealing_key_needed
from shared.runtime.keys import (
    LOOK_AGAIN_SECONDS,
    MissingKeyError,
    activate_key,
    add_key,
    load_key_ring,
    remove_key,
    seconds_since_activation,
)
from shared.storage.database import Database

COLUMNS, INDEX = "columns", "index"
KEYS = (COLUMNS, INDEX, TOKEN_KEYS, ACCESS_SEAL, SIGNING_KEYS)
SETTLE_SECONDS = 2 * LOOK_AGAIN_SECONDS
RETIRE_AFTER_SECONDS = 600.0


class KeyNeededError(Exception):
    """A version cannot be forgotten yet; the message says what still needs it."""


def settle() -> None:
    """Wait until every process that shares the key folder has looked at it again."""
    time.sleep(SETTLE_SECONDS)


def rotate_key(keys: Path, name: str, *, wait: Callable[[], None] = settle) -> str:
    """Add a version, let every process find it, make it active, and return its id.

    Between the two steps every process holds the new version and none uses it: none will meet a
    value that it cannot open, or miss a row indexed by a process that was faster.

    Args:
        keys: The folder of the registry's own keys.
        name: Which key: one of `KEYS`.
        wait: Returns once every process has read the folder again.

    Raises:
        MissingKeyError: The folder holds no such key.
    """
    folder = keys / name
    key_id = add_key(folder)
    wait()
    activate_key(folder, key_id)
    wait()
    return key_id


async def retire_key(
    keys: Path,
    name: str,
    key_id: str,
    *,
    owner: Database,
    after_seconds: float = RETIRE_AFTER_SECONDS,
) -> None:
    """Forget a version of a key that nothing stored needs.

    Of the seal's key the public half is kept. Tokens that partners were given under a version of
    the token key do not open once it is forgotten, and messages signed with a version of the DCI
    key no longer hold against our published keys; nothing stored knows of either.

    Args:
        keys: The folder of the registry's own keys.
        name: Which key: one of `KEYS`.
        key_id: The version to forget.
        owner: The database as the owner of its tables.
        after_seconds: How long another version must have been active: what a process sealed just
            before may not be in its table yet.

    Raises:
        KeyNeededError: Rows may still need it, or it is the active version.
        MissingKeyError: There is no such version.
    """
    folder = keys / name
    ring = load_key_ring(folder)
    if ring.get(key_id) is None:
        message = f"There is no key {key_id} in {name}/."
        raise MissingKeyError(message)
    if ring.active_id == key_id:
        message = f"The key {key_id} of {name}/ is the active one; rotate first."
        raise KeyNeededError(message)
    if seconds_since_activation(folder) < after_seconds:
        message = f"The active key of {name}/ is too young; what {key_id} sealed may be on its way."
        raise KeyNeededError(message)
    if name == COLUMNS and await is_sealing_key_needed(key_id, owner=owner):
        message = f"Values are still sealed with {key_id}; run reseal first."
        raise KeyNeededError(message)
    if name == INDEX and await is_index_key_needed(ring.active_id, owner=owner):
        message = f"Rows may still be indexed with {key_id}; run reindex first."
        raise KeyNeededError(message)
    if name == ACCESS_SEAL:
        keep_public_key(folder, ring, key_id)
    remove_key(folder, key_id)
