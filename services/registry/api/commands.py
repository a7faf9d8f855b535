"""The registry at a terminal: its access log as evidence, and its keys."""

import argparse
import asyncio
import base64
import binascii
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from services.registry.domain.access_chain import Verdict
from services.registry.use_cases.access_seals import FOLDER as ACCESS_SEAL
from services.registry.use_cases.access_seals import fingerprint, public_keys
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.export_access_log import (
    ExportUnreadableError,
    export_access_log,
    read_public_keys,
    verify_export,
)
from services.registry.use_cases.reindex import reindex
from services.registry.use_cases.reseal import reseal
from services.registry.use_cases.rotate_keys import (
    KEYS,
    RETIRE_AFTER_SECONDS,
    KeyNeededError,
    retire_key,
    rotate_key,
)
from services.registry.use_cases.verify_access_log import verify_database
from shared.runtime.keys import activate_key, add_key, load_key_ring
from shared.runtime.metrics import Metrics
from shared.runtime.settings import ServiceSettings
from shared.storage.sealed import UnsealError
from shared.web.platform import Platform
from shared.web.process import Command, UsageError, open_platform

_SERVICE = "registry"
_BAR_CHARACTERS = 30
_HASH_BYTES = 32

Result = TypeVar("Result")
Making = Callable[[Any, Platform], Collaborators]


def registry_commands(
    collaborators: Making, *, make_keys: Callable[[Path], None]
) -> Mapping[str, Command]:
    """Return the commands that the registry has besides those of every service.

    Args:
        collaborators: Makes the registry's means from its settings and a platform.
        make_keys: Makes the keys that are missing in a folder.
    """
    return {
        "access-log": lambda settings, rest: _access_log(settings, rest, collaborators),
        "keys": lambda settings, rest: _keys(settings, rest, make_keys),
        "reseal": lambda settings, _: _as_owner(settings, collaborators, _reseal),
        "reindex": lambda settings, _: _as_owner(settings, collaborators, _reindex),
    }


def _access_log(settings: ServiceSettings, arguments: Sequence[str], collaborators: Making) -> None:
    asked = _access_log_parser().parse_args(list(arguments))
    try:
        if asked.action == "export":
            verdict = _exported(settings, asked, collaborators)
        elif asked.database:
            verdict = _verified_in_place(settings, asked, collaborators)
        elif asked.folder is not None:
            verdict = verify_export(
                asked.folder,
                keys_file=asked.keys,
                expected_head=_head(asked.head),
                after_block=asked.after_block,
                progress=_bar("bytes"),
            )
        else:
            message = "Name the folder of an export, or say --database."
            raise UsageError(message)
    except ExportUnreadableError as error:
        raise UsageError(str(error)) from error
    _tell(verdict, head_stated=asked.action == "export" or asked.head is not None)


def _access_log_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services {_SERVICE} access-log")
    actions = parser.add_subparsers(dest="action", required=True)
    export = actions.add_parser("export", help="write sealed rows, blocks and public keys")
    export.add_argument("--out", type=Path, required=True, help="an empty folder, or a new one")
    export.add_argument("--after-block", type=int, default=0, help="leave out blocks up to this")
    verify = actions.add_parser("verify", help="say whether the chain holds, and where it does not")
    verify.add_argument("folder", type=Path, nargs="?", help="where an export lies")
    verify.add_argument("--database", action="store_true", help="verify in place instead")
    verify.add_argument("--after-block", type=int, default=0, help="believe blocks up to this")
    verify.add_argument("--keys", type=Path, help="public keys that are trusted (a keys.json)")
    verify.add_argument("--head", help="base64 of a block's hash that must be in the chain")
    return parser


def _exported(
    settings: ServiceSettings, asked: argparse.Namespace, collaborators: Making
) -> Verdict:
    async def act(using: Collaborators) -> Verdict:
        return await export_access_log(
            asked.out, using=using, after_block=asked.after_block, progress=_bar("blocks")
        )

    return _with_means(settings, settings.database_url, collaborators, act)


def _verified_in_place(
    settings: ServiceSettings, asked: argparse.Namespace, collaborators: Making
) -> Verdict:
    published = None if asked.keys is None else read_public_keys(asked.keys)

    async def act(using: Collaborators) -> Verdict:
        return await verify_database(
            using=using,
            published=published,
            expected_head=_head(asked.head),
            after_block=asked.after_block,
            progress=_bar("blocks"),
        )

    return _with_means(settings, settings.database_url, collaborators, act)


def _head(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        head = base64.b64decode(text, validate=True)
    except binascii.Error:
        head = b""
    if len(head) != _HASH_BYTES:
        message = "The head is not the base64 of a block's hash."
        raise UsageError(message)
    return head


def _tell(verdict: Verdict, *, head_stated: bool) -> None:
    if verdict.broken is not None:
        message = (
            f"NOT AS IT WAS SEALED. {verdict.broken.sentence}."
            f" Before it, {verdict.blocks} blocks with {verdict.rows} rows hold."
        )
        raise UsageError(message)
    head = base64.b64encode(verdict.head).decode()
    _say(f"{verdict.blocks} blocks with {verdict.rows} rows are as they were sealed; head {head}")
    if not head_stated:
        _say("A chain cut at its end or forged whole is only seen with --head: state one you kept.")


def _keys(
    settings: ServiceSettings, arguments: Sequence[str], make_keys: Callable[[Path], None]
) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m services {_SERVICE} keys")
    actions = parser.add_subparsers(dest="action")
    actions.add_parser("list", help="say which versions are held, and which is active")
    for action in ("rotate", "add", "activate", "retire"):
        one = actions.add_parser(action)
        one.add_argument("name", choices=KEYS)
        if action in {"activate", "retire"}:
            one.add_argument("key_id")
        if action == "retire":
            one.add_argument(
                "--after-seconds",
                type=float,
                default=RETIRE_AFTER_SECONDS,
                help="how long the active version must have been in use",
            )
    asked = parser.parse_args(list(arguments))
    if asked.action is None:
        make_keys(settings.key_dir)
        return
    actions_by_name: dict[str, Callable[[ServiceSettings, argparse.Namespace], None]] = {
        "list": _list_keys,
        "rotate": _rotate,
        "add": _add,
        "activate": _activate,
        "retire": _retire,
    }
    actions_by_name[asked.action](settings, asked)


def _rotate(settings: ServiceSettings, asked: argparse.Namespace) -> None:
    key_id = rotate_key(settings.key_dir / _SERVICE, asked.name)
    _say(f"{asked.name} now uses {key_id}.")


def _add(settings: ServiceSettings, asked: argparse.Namespace) -> None:
    key_id = add_key(settings.key_dir / _SERVICE / asked.name)
    _say(f"{asked.name} now holds {key_id}.")


def _activate(settings: ServiceSettings, asked: argparse.Namespace) -> None:
    activate_key(settings.key_dir / _SERVICE / asked.name, asked.key_id)
    _say(f"{asked.name} now uses {asked.key_id}.")


def _list_keys(settings: ServiceSettings, _asked: argparse.Namespace) -> None:
    folder = settings.key_dir / _SERVICE
    for name in KEYS:
        active, *others = load_key_ring(folder / name).ids
        _say(f"{name}: {active} (active) {' '.join(others)}".rstrip())
    for key_id, public in public_keys(folder).items():
        _say(f"{ACCESS_SEAL} {key_id} has the public key of fingerprint {fingerprint(public)}")


def _retire(settings: ServiceSettings, asked: argparse.Namespace) -> None:
    async def act(platform: Platform) -> None:
        await retire_key(
            platform.keys,
            asked.name,
            asked.key_id,
            owner=platform.database,
            after_seconds=asked.after_seconds,
        )

    try:
        _on_platform(settings, settings.owner_database_url, act)
    except KeyNeededError as error:
        raise UsageError(str(error)) from error
    _say(f"{asked.name} no longer holds {asked.key_id}.")


async def _reseal(using: Collaborators) -> None:
    count = await reseal(using.database, sealed=using.sealed, tell=_count)
    _end_count()
    _say(f"{count} values are sealed anew with {using.sealed.sealing_key_id}.")


async def _reindex(using: Collaborators) -> None:
    outcome = await reindex(using.database, using=using, tell=_count)
    _end_count()
    _say(
        f"{outcome.rows} rows are indexed with {using.sealed.index_key_ids[0]};"
        f" {outcome.conflicts} were left, because another row has their identifier."
    )


def _as_owner(
    settings: ServiceSettings,
    collaborators: Making,
    act: Callable[[Collaborators], Awaitable[None]],
) -> None:
    try:
        _with_means(settings, settings.owner_database_url, collaborators, act)
    except UnsealError as error:
        raise UsageError(str(error)) from error


def _with_means(
    settings: ServiceSettings,
    url: SecretStr | None,
    collaborators: Making,
    act: Callable[[Collaborators], Awaitable[Result]],
) -> Result:
    return _on_platform(settings, url, lambda platform: act(collaborators(settings, platform)))


def _on_platform(
    settings: ServiceSettings,
    url: SecretStr | None,
    act: Callable[[Platform], Awaitable[Result]],
) -> Result:
    if url is None:
        message = "DATABASE_URL or OWNER_DATABASE_URL is not set; this command needs it."
        raise UsageError(message)

    async def run() -> Result:
        async with open_platform(
            _SERVICE, settings, database_url=url.get_secret_value(), metrics=Metrics()
        ) as platform:
            return await act(platform)

    return asyncio.run(run())


def _bar(unit: str) -> Callable[[int, int], None]:
    """Return what draws a progress bar, on a terminal only."""

    def draw(done: int, total: int) -> None:
        if not sys.stderr.isatty() or total < 1:
            return
        filled = _BAR_CHARACTERS * min(done, total) // total
        bar = "█" * filled + "░" * (_BAR_CHARACTERS - filled)
        sys.stderr.write(f"\r{bar} {done:,} of {total:,} {unit}" + ("\n" if done >= total else ""))
        sys.stderr.flush()

    return draw


def _count(what: str, done: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what}: {done:,}")
        sys.stderr.flush()


def _end_count() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
