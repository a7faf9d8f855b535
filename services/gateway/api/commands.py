"""The gateway at a terminal: an access token of a demonstration's client.

It is asked for between two calls of curl, so it imports little: no framework, no storage.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.gateway.integrations.token_client import (
    TokenNotGivenError,
    issuer_in,
    request_token,
)
from shared.runtime.clock import SystemClock

CITIZEN = "citizen"
CLIENTS = "clients"
"""Where below the state folder the private keys of a demonstration's clients lie."""


class TokenUnavailableError(Exception):
    """There is no token to print; the message is one sentence for whoever asked."""


class Wishes(BaseSettings):
    """What the environment says: where the demonstration lives, whom a citizen's token names."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    sanad_state_dir: Path = Path(".local/state")
    subject: str = ""


def main(arguments: Sequence[str]) -> int:
    """Print a token of the role that is asked for, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m services token")
    parser.add_argument("--role", default="partner", help="whose token to print")
    asked = parser.parse_args(list(arguments))
    wishes = Wishes()
    try:
        print_token(wishes.sanad_state_dir / CLIENTS, asked.role, wishes.subject or None)
    except TokenUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def print_token(clients: Path, role: str, subject: str | None) -> None:
    """Print an access token of a role, as the running demonstration gives it.

    Args:
        clients: The folder of the clients' private keys, a file for each role.
        role: Whose token.
        subject: The person whom a citizen's token names.

    Raises:
        TokenUnavailableError: The role or the subject will not do, or nobody gives a token.
    """
    key_file = _key_file(clients, role)
    person = _person(role, subject)

    async def run() -> str:
        async with httpx.AsyncClient(trust_env=False) as http:
            now = SystemClock().now()
            return await request_token(issuer_in(key_file), key_file, http, now=now, subject=person)

    try:
        token = asyncio.run(run())
    except TokenNotGivenError as error:
        raise TokenUnavailableError(str(error)) from error
    except httpx.TransportError as error:
        message = f"Nobody answers on {issuer_in(key_file)}; is the demonstration running?"
        raise TokenUnavailableError(message) from error
    sys.stdout.write(token + "\n")


def _key_file(clients: Path, role: str) -> Path:
    known = sorted(path.stem for path in clients.glob("*.json"))
    if not known:
        message = f"There are no clients in {clients} yet; start the demonstration first."
        raise TokenUnavailableError(message)
    if role not in known:
        message = f"There is no such role; the roles are {', '.join(known)}."
        raise TokenUnavailableError(message)
    return clients / f"{role}.json"


def _person(role: str, subject: str | None) -> str | None:
    """Return whom the token names: somebody for a citizen, nobody for any other role."""
    if role != CITIZEN:
        if subject is not None:
            message = "SUBJECT is for ROLE=citizen alone, whose token names a person; leave it out."
            raise TokenUnavailableError(message)
        return None
    try:
        return str(UUID(subject or ""))
    except ValueError:
        message = "Say SUBJECT=<person_id> for a citizen: the id of a registered person, a UUID."
        raise TokenUnavailableError(message) from None
