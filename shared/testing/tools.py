"""Finds the programs that are no Python packages, or fetches them without touching the system.

A program is taken from the system if it is there. Otherwise the Debian packages that hold it are
downloaded with apt's own sources and signatures into a folder of ours and unpacked there: no root,
no dpkg database, no service started. Relocated Erlang finds itself by its own path.

    python -m shared.testing.tools [--into FOLDER]
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TOOLS_FOLDER = Path(__file__).parents[2] / ".local" / "tools"

_SYSTEM_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_DPKG_STATUS = Path("/var/lib/dpkg/status")
_APT_SECONDS_MAX = 300
# Erlang comes whole from one place: half of it from the system and half unpacked would not boot.
_ALWAYS_FETCHED = ("erlang", "rabbitmq")
# The C library of the running system is the only one that can be loaded here.
_NEVER_FETCHED = frozenset({"libc6", "libc-bin"})


class ToolUnavailableError(Exception):
    """A program is not on this machine and could not be fetched; the text says why."""


@dataclass(frozen=True)
class RabbitMQPrograms:
    """Where RabbitMQ's own scripts lie, and what they need in their environment."""

    scripts: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def server(self) -> Path:
        """The script that becomes the server (not the system's wrapper, which changes user)."""
        return self.scripts / "rabbitmq-server"

    @property
    def control(self) -> Path:
        """The script that speaks to a running server."""
        return self.scripts / "rabbitmqctl"


def find_rabbitmq(folder: Path = TOOLS_FOLDER) -> RabbitMQPrograms | None:
    """Return the system's RabbitMQ, else the one unpacked into `folder`, else None."""
    path = os.environ.get("PATH", os.defpath)  # noqa: TID251 - where the system keeps programs
    if shutil.which("erl", path=path):
        on_path = shutil.which("rabbitmq-server", path=path)
        beside = Path(on_path).resolve().parent if on_path else _SYSTEM_SCRIPTS
        for scripts in (_SYSTEM_SCRIPTS, beside):
            if (scripts / "rabbitmq-server").exists() and (scripts / "rabbitmqctl").exists():
                return RabbitMQPrograms(scripts, {"PATH": path})
    return _unpacked_rabbitmq(folder / "rabbitmq", path)


def provide_rabbitmq(folder: Path = TOOLS_FOLDER) -> RabbitMQPrograms:
    """Return RabbitMQ's programs, fetching and unpacking them into `folder` if need be.

    Raises:
        ToolUnavailableError: They are not here and cannot be fetched.
    """
    with _one_at_a_time(folder):
        found = find_rabbitmq(folder)
        if found is None:
            _unpack_packages("rabbitmq-server", folder / "rabbitmq")
            found = find_rabbitmq(folder)
    if found is None:
        message = "The unpacked package rabbitmq-server holds no RabbitMQ."
        raise ToolUnavailableError(message)
    return found


def _unpacked_rabbitmq(root: Path, path: str) -> RabbitMQPrograms | None:
    scripts = root / "usr/lib/rabbitmq/bin"
    if not (scripts / "rabbitmq-server").exists():
        return None
    libraries = [*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")]
    return RabbitMQPrograms(
        scripts,
        {
            "PATH": f"{root / 'usr/lib/erlang/bin'}:{path}",
            "LD_LIBRARY_PATH": ":".join(str(library) for library in libraries),
        },
    )


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        message = f"The folder {folder} cannot be written: {error.strerror}."
        raise ToolUnavailableError(message) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack_packages(package: str, root: Path) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            message = f"{package} is not on this machine, and there is no {program} to fetch it."
            raise ToolUnavailableError(message)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="fetching-") as scratch:
        apt = _Apt(Path(scratch))
        names = apt.missing_for(package)
        apt.run("download", *names, cwd=apt.downloads)
        unpacked = Path(scratch) / "root"
        for archive in sorted(apt.downloads.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(archive), str(unpacked)])
        _let_erlang_find_itself(unpacked)
        shutil.rmtree(root, ignore_errors=True)
        unpacked.rename(root)  # last, so that a folder of this name is always whole


def _let_erlang_find_itself(root: Path) -> None:
    erl = root / "usr/lib/erlang/bin/erl"
    if not erl.exists():
        return
    here = '"$(dirname "$(dirname "$(readlink -f "$0")")")"'
    erl.write_text(erl.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={here}"))


class _Apt:
    """apt-get with lists, cache and a copy of the package status in a folder of its own."""

    def __init__(self, scratch: Path) -> None:
        self.downloads = scratch / "downloads"
        for name in ("lists/partial", "cache/archives/partial", "downloads"):
            (scratch / name).mkdir(parents=True)
        (scratch / "status").write_text(_status_without_erlang())
        # The main file is read last: it switches off what the system's files hook to an update.
        (scratch / "main.conf").write_text(
            "#clear APT::Update::Pre-Invoke;\n"
            "#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n"
        )
        (scratch / "apt.conf").write_text(
            f'Dir::Etc::main "{scratch}/main.conf";\n'
            f'Dir::State::lists "{scratch}/lists";\n'
            f'Dir::State::status "{scratch}/status";\n'
            f'Dir::State::extended_states "{scratch}/extended_states";\n'
            f'Dir::Cache "{scratch}/cache";\n'
            f'Dir::Log "{scratch}";\n'
            'Debug::NoLocking "true";\n'
            'APT::Sandbox::User "";\n'
            'APT::Install-Recommends "false";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n'
        )
        path = os.environ.get("PATH", os.defpath)  # noqa: TID251 - where the system keeps apt-get
        self._environment = {
            **_proxies(),
            "APT_CONFIG": str(scratch / "apt.conf"),
            "PATH": path,
            "LC_ALL": "C.UTF-8",
        }

    def run(self, *arguments: str, cwd: Path | None = None) -> str:
        return _run(["apt-get", "-qq", *arguments], environment=self._environment, cwd=cwd)

    def missing_for(self, package: str) -> list[str]:
        """Return what an installation would add here, by lists fetched now."""
        refused: ToolUnavailableError | None = None
        try:
            self.run("update")
        except ToolUnavailableError as error:  # one source of several may be away: try the rest
            refused = error
        try:
            plan = self.run("--simulate", "install", package)
        except ToolUnavailableError as error:
            raise (refused or error) from error
        names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
        return [name for name in names if name.partition(":")[0] not in _NEVER_FETCHED]


def _status_without_erlang() -> str:
    if not _DPKG_STATUS.exists():
        return ""
    kept = (
        stanza
        for stanza in _DPKG_STATUS.read_text(errors="replace").split("\n\n")
        if not stanza.removeprefix("Package: ").startswith(_ALWAYS_FETCHED)
    )
    return "\n\n".join(kept)


def _proxies() -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "no_proxy")
    return {name: os.environ[name] for name in names if name in os.environ}  # noqa: TID251 - for apt


def _run(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=cwd,
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_APT_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]} took longer than {_APT_SECONDS_MAX} seconds."
        raise ToolUnavailableError(message) from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        message = f"{' '.join(command[:3])} failed: {last[0]}"
        raise ToolUnavailableError(message) from error
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Provide every tool and say where it is; 0 if all are there, 1 if one is not."""
    parser = argparse.ArgumentParser(prog="python -m shared.testing.tools", description=__doc__)
    parser.add_argument("--into", type=Path, default=TOOLS_FOLDER, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    if os.environ.get("AMQP_URL"):  # noqa: TID251 - the person's own broker, see design 1
        print("RabbitMQ: the server at AMQP_URL")
        return 0
    try:
        programs = provide_rabbitmq(chosen.into)
    except ToolUnavailableError as error:
        print(f"RabbitMQ cannot be had: {error}", file=sys.stderr)
        return 1
    print(f"RabbitMQ: {programs.server}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
