"""Replays the Dockerfile in an empty folder, without a container engine.

What is copied is copied by the Dockerfile's own lines and .dockerignore. What is installed is
every package of the lock that the `pip install` line names, linked from this environment, and no
other: so a service that needs a package of the tests fails here. That the lock's hashes install is
proven by this environment itself: it was made with --require-hashes from a lock that holds the
same versions under the same hashes (tests/architecture/test_licences.py).
"""

import fnmatch
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from tests.contracts.house import REPOSITORY

_PREPARES = frozenset({"groupadd", "useradd", "install"})
_NAMED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)


class UnknownInstructionError(Exception):
    """The Dockerfile does something that the replay does not know how to do."""


@dataclass
class Stage:
    """One FROM of the Dockerfile and what follows it."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Image:
    """A folder that holds what the image would, and how the image starts."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    user: str = "root"
    ports: list[str] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """The working directory inside the image."""
        return self.folder / "work"

    @property
    def packages(self) -> Path:
        """The installed packages, and no other."""
        return self.folder / "packages"

    def command(self, *arguments: str) -> list[str]:
        """Return what starts the image, by the interpreter under this environment."""
        python, *rest = self.entrypoint
        if python != "python":
            message = f"The entry point starts {python}, not python."
            raise UnknownInstructionError(message)
        return [str(Path(sys.executable).resolve()), "-S", *rest, *arguments]

    def variables(self, **own: str) -> dict[str, str]:
        """Return the environment of a process of this image."""
        return {**self.environment, "PYTHONPATH": str(self.packages), **own}


def read_stages(text: str) -> dict[str, Stage]:
    """Return the stages of a Dockerfile by name, in order."""
    stages: dict[str, Stage] = {}
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = Stage(name, base)
        else:
            stages[list(stages)[-1]].instructions.append((word, rest))
    return stages


def replay(target: str, folder: Path, **arguments: str) -> Image:
    """Build the image of one target in `folder`.

    Raises:
        UnknownInstructionError: The Dockerfile does what only an engine could do.
    """
    stages = read_stages((REPOSITORY / "Dockerfile").read_text())
    image = Image(folder)
    image.work.mkdir(parents=True)
    image.packages.mkdir()
    for stage in _chain(stages, target):
        for word, rest in stage.instructions:
            _perform(word, _filled(rest, arguments), image, stages)
    return image


def locked_packages(stages: Mapping[str, Stage], name: str) -> list[str]:
    """Return what the last `pip install` of a stage installs; only from a lock, by hashes."""
    (command,) = (
        json.loads(rest)
        for word, rest in stages[name].instructions
        if word == "RUN" and "pip" in rest
    )
    if "--require-hashes" not in command:
        message = f"The stage {name} installs without hashes."
        raise UnknownInstructionError(message)
    lock = PurePosixPath(command[command.index("-r") + 1]).name
    return _NAMED.findall((REPOSITORY / lock).read_text())


def is_sent(path: PurePosixPath, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore lets a file reach the builder: the last pattern that fits decides."""
    sent = True
    for pattern in patterns:
        wanted = pattern.startswith("!")
        if any(_fits(part, pattern.removeprefix("!")) for part in (path, *path.parents)):
            sent = wanted
    return sent


def _chain(stages: Mapping[str, Stage], target: str) -> list[Stage]:
    stage = stages[target]
    return [*(_chain(stages, stage.base) if stage.base in stages else []), stage]


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: arguments.get(found[1], found[0]), text)


def _perform(word: str, rest: str, image: Image, stages: Mapping[str, Stage]) -> None:
    if word == "COPY":
        _perform_copy(rest, image, stages)
    elif word == "RUN":
        if json.loads(rest)[0] not in _PREPARES:
            message = f"The replay cannot run {rest}."
            raise UnknownInstructionError(message)
    elif word in _NOTED:
        _NOTED[word](image, rest)
    elif word not in {"WORKDIR", "ARG", "HEALTHCHECK"}:
        message = f"The replay does not know {word}."
        raise UnknownInstructionError(message)


def _note_environment(image: Image, rest: str) -> None:
    image.environment |= dict(pair.split("=", 1) for pair in rest.split())


def _note_entrypoint(image: Image, rest: str) -> None:
    image.entrypoint = json.loads(rest)


def _note_user(image: Image, rest: str) -> None:
    image.user = rest


def _note_port(image: Image, rest: str) -> None:
    image.ports.append(rest)


_NOTED: Mapping[str, Callable[[Image, str], None]] = {
    "ENV": _note_environment,
    "ENTRYPOINT": _note_entrypoint,
    "USER": _note_user,
    "EXPOSE": _note_port,
}


def _perform_copy(rest: str, image: Image, stages: Mapping[str, Stage]) -> None:
    *sources, target = rest.split()
    if sources[0].startswith("--from="):
        stage = sources[0].removeprefix("--from=")
        _link_packages(locked_packages(stages, stage), image)
    else:
        _copy(sources, image.work / target)


def _copy(sources: Sequence[str], target: Path) -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    for source in sources:
        origin = REPOSITORY / source
        within = origin if origin.is_dir() else origin.parent
        for path in sorted(origin.rglob("*")) if origin.is_dir() else [origin]:
            if path.is_file() and is_sent(PurePosixPath(path.relative_to(REPOSITORY)), patterns):
                copy = target / path.relative_to(within)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)


def _fits(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(path.name, pattern.removeprefix("**/"))
    if "/" in pattern or "*" not in pattern:
        return str(path) == pattern
    return len(path.parts) == 1 and fnmatch.fnmatch(str(path), pattern)


def _link_packages(names: Sequence[str], image: Image) -> None:
    for name in names:
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform, as the lock's markers say
        for top in {file.parts[0] for file in installed.files or [] if file.parts[0] != ".."}:
            link = image.packages / top
            if not link.exists() and top not in {"__pycache__", "bin"}:
                link.symlink_to(Path(str(installed.locate_file(top))))
