"""`make run` and `make demo`: the whole stack, and a month of its life, on show."""

import argparse
import asyncio
import fcntl
import json
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.launcher import (
    Ground,
    prepared_ground,
    running_stack,
)
from shared.runtime.children import ChildFailedError, end_with_parent
from shared.runtime.garbage import settle_garbage_collector
from shared.runtime.logging import configure_logging
from shared.runtime.state_folder import (
    StateFolderError,
    open_state_folder,
    require_space,
    temporary_folder,
)
from shared.storage.embedded import PostgresUnavailableError
from shared.web.process import HttpServer, UsageError, listen

HOUSEHOLDS_DEFAULT = 2000
HOUSEHOLDS_MAX = 6_000_000
POPULATION_SEED = 1
STARTED_POLL_SECONDS = 0.02
# Rules compute in threads beside the event loop; at Python's own 5 ms the loop would wait that
# long after every answer of the database.
SWITCH_SECONDS = 0.0005
FREE_BYTES_MIN = 1024 * 1024 * 1024


class Wishes(BaseSettings):
    """What the person at the terminal may choose, by environment or by argument."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    households: int = Field(default=HOUSEHOLDS_DEFAULT, ge=1, le=HOUSEHOLDS_MAX)
    sanad_port: int = Field(default=8080, ge=0, le=65535)
    sanad_state_dir: Path = Path(".local/state")
    database_url: SecretStr | None = None
    amqp_url: SecretStr | None = None

    @property
    def servers(self) -> dict[str, str | None]:
        """Return the servers to use instead of the embedded parts."""
        return {
            "admin_url": _secret(self.database_url),
            "amqp_url": _secret(self.amqp_url),
        }


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()


def main(arguments: Sequence[str]) -> int:
    """Run what was asked and return the exit status; every refusal is one sentence."""
    asked = _parser().parse_args(list(arguments))
    # A polite end is the same as Ctrl-C: asyncio cancels, and everything is closed in order.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        wishes = Wishes(**({"households": asked.households} if asked.households else {}))
        if asked.command == "demo":
            return _demo(wishes)
        return _run(wishes)
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]).upper() for fault in error.errors())
        return _refuse(f"These settings are not usable: {names} (see make help).")
    except (ChildFailedError, PostgresUnavailableError, StateFolderError, UsageError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services")
    parser.add_argument(
        "command",
        nargs="?",
        default="run",
        choices=("run", "demo"),
        help="serve everything (the default), or walk a month and end",
    )
    parser.add_argument("--households", help=f"how many to register, at most {HOUSEHOLDS_MAX}")
    return parser


def _run(wishes: Wishes) -> int:
    """Serve until Ctrl-C; the first start also registers a population and walks its month."""
    state = open_state_folder(wishes.sanad_state_dir)
    with _alone(state), _log_to(state / "sanad.log"):
        listener = listen("127.0.0.1", wishes.sanad_port)
        require_space(state, FREE_BYTES_MIN)
        walked = (state / "month.json").exists()
        households = None if walked else wishes.households
        return asyncio.run(
            _serve_and_walk(state, listener, households=households, servers=wishes.servers)
        )


def _demo(wishes: Wishes) -> int:
    """Walk the month on a state that is removed afterwards; print its counts as one JSON line."""
    with temporary_folder("sanad-demo-") as state:
        require_space(state, FREE_BYTES_MIN)
        with _log_to(state / "sanad.log"):
            status = asyncio.run(
                _serve_and_walk(
                    state,
                    listen("127.0.0.1", 0),
                    households=wishes.households,
                    servers={},
                    then_end=True,
                )
            )
        if status == 0:
            sys.stdout.write((state / "month.json").read_text() + "\n")
        else:
            kept = Path(tempfile.gettempdir()) / "sanad-demo-failed.log"
            shutil.copyfile(state / "sanad.log", kept)
            sys.stderr.write(f"The log of the failed demonstration is kept in {kept}.\n")
        return status


async def _serve_and_walk(
    state: Path,
    listener: socket.socket,
    *,
    households: int | None,
    servers: Mapping[str, str | None],
    then_end: bool = False,
) -> int:
    port = listener.getsockname()[1]
    _tell(f"Starting PostgreSQL, the services and the simulators under {state} …")
    with prepared_ground(state, port, **servers) as ground:
        async with running_stack(ground) as app:
            settle_garbage_collector()
            sys.setswitchinterval(SWITCH_SECONDS)
            server = HttpServer(app)
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(server.serve(sockets=[listener]))
                while not (server.started or serving.done()):  # noqa: ASYNC110 -- uvicorn's flag
                    await asyncio.sleep(STARTED_POLL_SECONDS)
                status = 0
                if households is not None:
                    status = await _walk_unless_stopped(ground, households, serving)
                if then_end or status != 0:
                    server.should_exit = True
                elif not serving.done():
                    _tell(_welcome(ground))
            return status


async def _walk_unless_stopped(
    ground: Ground, households: int, serving: "asyncio.Task[None]"
) -> int:
    population = ground.state / "population"
    status = await _program_unless_stopped(
        [
            *("simulators.population", "--households", str(households)),
            *("--seed", str(POPULATION_SEED), "--out", str(population)),
        ],
        serving,
        output=ground.state / "population.log",
    )
    if status != 0:
        return status
    summary = ground.state / "month.draft"
    status = await _program_unless_stopped(
        [
            *("simulators.month", "--gateway", ground.address),
            *("--clients", str(ground.state / "clients")),
            *("--population", str(population / "population.jsonl")),
        ],
        serving,
        output=summary,
    )
    if status == 0:
        last = summary.read_text().strip().splitlines()[-1]
        summary.write_text(json.dumps(json.loads(last)))
        summary.rename(ground.state / "month.json")
    return status


async def _program_unless_stopped(
    command: list[str], serving: "asyncio.Task[None]", *, output: Path
) -> int:
    """Run a program beside the server; when the server is told to end, so is the program."""
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdout=file, preexec_fn=end_with_parent
        )
        try:
            async with asyncio.TaskGroup() as group:
                ended = group.create_task(process.wait())
                await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    process.terminate()
        finally:
            if process.returncode is None:
                process.kill()
        return 0 if serving.done() else ended.result()


def _welcome(ground: Ground) -> str:
    return (
        f"\nSanad answers on {ground.address}\n"
        f"  documentation   {ground.address}/docs\n"
        f"  OpenAPI         {ground.address}/openapi.json\n"
        f"  measures        {ground.address}/metrics\n"
        f"  a token         make token ROLE=caseworker\n"
        f"  what happened   {ground.state / 'month.json'}\n"
        "Ctrl-C ends it; starting again keeps everything.\n"
    )


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the state folder for this process; the lock goes with the process.

    Raises:
        UsageError: Another stack runs on it.
    """
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"Another Sanad runs on the state folder {state}; stop it first."
            raise UsageError(message) from error
        yield


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Send logs to a file: the terminal belongs to the progress bars."""
    with path.open("a", encoding="utf-8") as file:
        configure_logging("sanad", output=file)
        yield


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
