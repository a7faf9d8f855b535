"""The commands of the Makefile say what they do, and what they could not do."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tidy import REPOSITORY

# Stands for the Python of the virtual environment: tells what it was asked, and lacks RabbitMQ.
PYTHON_WITHOUT_RABBITMQ = """#!/bin/sh
echo "asked: $*"
case "$*" in *shared.testing.tools*) exit 1 ;; esac
"""
SYSTEM_PYTHON_WITHOUT_VENV = """#!/bin/sh
case "$*" in *ensurepip*) exit 1 ;; esac
"""
OLD_SYSTEM_PYTHON = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements-local.lock", "requirements-dev.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    return tmp_path


def a_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def an_environment(clone: Path) -> None:
    """Put a virtual environment into the clone that is newer than the locks."""
    a_program(clone / ".venv/bin/python", PYTHON_WITHOUT_RABBITMQ)
    a_program(clone / ".venv/bin/typos", "#!/bin/sh\n")
    for stamp in (".installed-run", ".installed-dev"):
        (clone / ".venv" / stamp).touch()


def make(clone: Path, *arguments: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "CI": ci}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_is_the_default_and_lists_every_command() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    commands = set(re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, re.MULTILINE))

    listed = {line.split()[1] for line in make(REPOSITORY).stdout.splitlines()}

    assert {"help", "run", "demo", "test", "token", "bench"} <= commands
    assert listed == commands


def test_without_rabbitmq_the_last_line_says_in_capitals_what_did_not_run(clone: Path) -> None:
    an_environment(clone)

    done = make(clone, "test")

    assert done.returncode == 0, done.stderr
    (tests,) = [line for line in done.stdout.splitlines() if line.startswith("asked: -m pytest")]
    assert tests.endswith("-m not rabbitmq")
    last = done.stdout.splitlines()[-1]
    assert last.startswith("THE BROKER TESTS DID NOT RUN")


def test_continuous_integration_runs_the_broker_tests_whether_rabbitmq_is_there_or_not(
    clone: Path,
) -> None:
    an_environment(clone)

    done = make(clone, "test", ci="true")

    tests = done.stdout.splitlines()[-1]
    assert tests.startswith("asked: -m pytest")
    assert "not rabbitmq" not in tests


def test_what_is_installed_is_installed_again_only_when_a_lock_changes(clone: Path) -> None:
    an_environment(clone)
    assert "pip" not in make(clone, "tools").stdout

    stamp = clone / ".venv/.installed-dev"
    lock = clone / "requirements-dev.lock"
    shutil.copystat(lock, stamp)
    lock.touch()

    assert "pip --disable-pip-version-check" in make(clone, "tools").stdout


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (SYSTEM_PYTHON_WITHOUT_VENV, "install the package python3-venv."),
        (OLD_SYSTEM_PYTHON, "Sanad needs Python 3.11 or newer"),
    ],
)
def test_a_python_that_will_not_do_is_told_in_one_sentence(
    python: str, sentence: str, clone: Path
) -> None:
    program = a_program(clone / "python3", python)

    done = make(clone, "run", f"PYTHON={program}")

    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[0]
    assert not (clone / ".venv").exists()


def test_every_folder_of_tests_is_run_by_a_command() -> None:
    folders = {path.parent.relative_to(REPOSITORY) for path in (REPOSITORY / "tests").glob("*/*")}
    named = {str(folder) for folder in folders if folder.name != "__pycache__"}
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    tested = set(pyproject["tool"]["pytest"]["testpaths"])
    makefile = (REPOSITORY / "Makefile").read_text()
    of_their_own = {
        name for name in named if name in makefile or name.replace("/", ".") in makefile
    }
    assert named - tested - of_their_own == set()
