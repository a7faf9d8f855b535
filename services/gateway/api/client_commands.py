"""The gateway's clients at a terminal: who may ask for tokens, and with which keys."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from psycopg_pool import PoolTimeout

from services.gateway.domain.clients import Client, check_registration, client_of_role
from services.gateway.domain.errors import (
    ClientChangeRefusedError,
    ClientMalformedError,
    UnknownRoleError,
)
from services.gateway.domain.roles import Role
from services.gateway.storage.clients import list_clients
from services.gateway.use_cases.change_client import change_client
from services.gateway.use_cases.collaborators import Collaborators
from services.gateway.use_cases.issue_token import CITIZEN
from services.gateway.use_cases.register_client import (
    CLIENTS_MAX,
    read_public_key,
    register_new_client,
)
from shared.runtime.metrics import Metrics
from shared.runtime.settings import ServiceSettings
from shared.web.platform import Platform
from shared.web.process import Command, UsageError, open_platform

KEY_FILE_BYTES_MAX = 16 * 1024
_SERVICE = "gateway"

Making = Callable[[Any, Platform], Collaborators]
Action = Callable[[Collaborators], Awaitable[None]]


def client_command(collaborators: Making) -> Command:
    """Return the command `clients`.

    Args:
        collaborators: Makes the gateway's means from its settings and a platform.
    """

    def command(settings: ServiceSettings, arguments: Sequence[str]) -> None:
        asked = _parser().parse_args(list(arguments))
        try:
            _with_means(settings, collaborators, asked.act(asked))
        except (ClientChangeRefusedError, ClientMalformedError, UnknownRoleError) as error:
            raise UsageError(str(error)) from error
        except PoolTimeout as error:
            message = "The database of DATABASE_URL does not answer; is it running, and there?"
            raise UsageError(message) from error

    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services {_SERVICE} clients")
    actions = parser.add_subparsers(required=True)
    register = actions.add_parser("register", help="let a machine ask for tokens")
    register.add_argument("name", help="as in the partner's policy: a-z, 0-9 and hyphens")
    register.add_argument("--role", required=True)
    register.add_argument("--regions", type=_names, help="01,02 (default: those of the role)")
    register.add_argument("--programmes", type=_names, help="asd (default: those of the role)")
    register.set_defaults(act=_register)
    grant = actions.add_parser("grant", help="give a client other rights; what is not said stays")
    grant.add_argument("name")
    grant.add_argument("--role", help="its only role from now on")
    grant.add_argument("--regions", type=_names, help="01,02 or *")
    grant.add_argument("--programmes", type=_names, help="asd or *")
    grant.set_defaults(act=_grant)
    listed = actions.add_parser("list", help="say who is registered, with which keys")
    listed.set_defaults(act=_list)
    keys = actions.add_parser("key", help="add a key, or retire one").add_subparsers(required=True)
    add = keys.add_parser("add", help="take tokens' requests under a further key")
    add.add_argument("name")
    add.set_defaults(act=_add_key)
    for one in (register, add):
        one.add_argument(
            "--public-key", type=Path, required=True, help="a file: a P-256 key, JWK or PEM"
        )
    retire = keys.add_parser("retire", help="take nothing more under a key")
    retire.add_argument("name")
    retire.add_argument("kid")
    retire.set_defaults(act=_retire_key)
    for word, disabled in (("disable", True), ("enable", False)):
        one = actions.add_parser(word, help=f"{word} a client; it keeps its keys")
        one.add_argument("name")
        one.set_defaults(act=_switch, disabled=disabled)
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split(",")))


def _register(asked: argparse.Namespace) -> Action:
    key = read_public_key(_content(asked.public_key))

    async def act(using: Collaborators) -> None:
        client = client_of_role(
            asked.name,
            _role_of_a_machine(asked.role, using),
            key,
            regions=asked.regions,
            programmes=asked.programmes,
        )
        await register_new_client(client, collaborators=using)
        _say(client)

    return act


def _role_of_a_machine(name: str, using: Collaborators) -> Role:
    if name == CITIZEN:
        message = "A citizen signs in with a code, never as a machine; name another role."
        raise ClientMalformedError(message)
    return using.book.role(name)


def _grant(asked: argparse.Namespace) -> Action:
    if asked.role is asked.regions is asked.programmes is None:
        message = "Say which --role, --regions or --programmes the client is to have."
        raise UsageError(message)

    async def act(using: Collaborators) -> None:
        role = None if asked.role is None else _role_of_a_machine(asked.role, using)

        def change(client: Client) -> Client:
            changed = client.with_rights(role, regions=asked.regions, programmes=asked.programmes)
            check_registration(changed, book=using.book)
            return changed

        _say(await change_client(asked.name, change, collaborators=using))

    return act


def _list(_asked: argparse.Namespace) -> Action:
    async def act(using: Collaborators) -> None:
        after = ""
        while True:
            async with using.database.transaction() as tx:
                clients = await list_clients(tx, after=after, limit=CLIENTS_MAX)
            if not clients:
                return
            for client in clients:
                _say(client)
            after = clients[-1].client_id

    return act


def _add_key(asked: argparse.Namespace) -> Action:
    key = read_public_key(_content(asked.public_key))
    return _changing(asked.name, lambda client: client.with_key(key))


def _retire_key(asked: argparse.Namespace) -> Action:
    return _changing(asked.name, lambda client: client.without_key(asked.kid))


def _switch(asked: argparse.Namespace) -> Action:
    return _changing(asked.name, lambda client: replace(client, disabled=asked.disabled))


def _changing(name: str, change: Callable[[Client], Client]) -> Action:
    async def act(using: Collaborators) -> None:
        _say(await change_client(name, change, collaborators=using))

    return act


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(KEY_FILE_BYTES_MAX)
    except OSError as error:
        message = f"The file of the public key cannot be read: {error.strerror}."
        raise UsageError(message) from error


def _with_means(settings: ServiceSettings, collaborators: Making, act: Action) -> None:
    if settings.database_url is None:
        message = "DATABASE_URL is not set; this command needs it."
        raise UsageError(message)
    url = settings.database_url.get_secret_value()

    async def run() -> None:
        async with open_platform(
            _SERVICE, settings, database_url=url, metrics=Metrics()
        ) as platform:
            await act(collaborators(settings, platform))

    asyncio.run(run())


def _say(client: Client) -> None:
    """Print a client on one line."""
    sys.stdout.write(
        f"{client.client_id}: {', '.join(client.roles)}"
        f" in regions {','.join(client.regions) or 'none'}"
        f" for programmes {','.join(client.programmes) or 'none'}"
        f" with keys {' '.join(key['kid'] for key in client.public_keys)}"
        f"{' (disabled)' if client.disabled else ''}\n"
    )
