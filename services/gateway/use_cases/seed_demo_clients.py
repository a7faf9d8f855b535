"""Make one client per role, with a private key in a file, for demonstrations only."""

import asyncio
import json
import os
from pathlib import Path

from joserfc.jwk import ECKey

from services.gateway.domain.clients import PublicKey, client_of_role
from services.gateway.domain.roles import Role
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.register_client import register_clients


class DemoProfileRequiredError(Exception):
    """Clients whose keys lie in the state folder are refused outside the demo profile."""


async def seed_demo_clients(folder: Path, *, collaborators: Collaborators) -> tuple[str, ...]:
    """Register `demo-<role>` for every role that machines may have, and return the roles.

    A key file that is there already is kept, so that calling again changes nothing but what the
    role file changed.

    Args:
        folder: Where `<role>.json` is written, readable by its owner alone: the client's id, the
            issuer it asks, and its private key.
        collaborators: The gateway's.

    Raises:
        DemoProfileRequiredError: The process does not run the demo profile.
    """
    if not collaborators.is_demo:
        message = "Demonstration clients are made in the demo profile only."
        raise DemoProfileRequiredError(message)
    roles = [role for role in collaborators.book.roles.values() if role.scopes]
    issuer = collaborators.tokens.issuer
    keys = await asyncio.to_thread(_key_files, folder, roles=roles, issuer=issuer)
    clients = [
        client_of_role(f"demo-{role.name}", role, key)
        for role, key in zip(roles, keys, strict=True)
    ]
    await register_clients(clients, collaborators=collaborators)
    return tuple(role.name for role in roles)


def _key_files(folder: Path, *, roles: list[Role], issuer: str) -> list[PublicKey]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [_key_file(folder, role=role.name, issuer=issuer) for role in roles]


def _key_file(folder: Path, *, role: str, issuer: str) -> PublicKey:
    """Return the public half of the key in the role's file, which is made if it is missing."""
    path = folder / f"{role}.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else None
    if known is None:
        key = ECKey.generate_key("P-256", private=True)
        key.ensure_kid()
    else:
        key = ECKey.import_key(known["private_key"])
    card = {
        "client_id": f"demo-{role}",
        "issuer": issuer,
        "private_key": key.as_dict(private=True),
    }
    if card != known:  # new, or the demonstration moved to another port
        _write_secret(path, json.dumps(card, indent=2) + "\n")
    public = key.as_dict(private=False)
    return {name: value for name, value in public.items() if isinstance(value, str)}


def _write_secret(path: Path, text: str) -> None:
    """Write the whole file or none of it; it is never readable by others, not even for a moment."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.rename(path)
