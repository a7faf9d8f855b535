"""Each service imports with shared/ alone beside it: exactly what its image holds."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tidy import REPOSITORY

SERVICES = ("registry", "eligibility", "payments", "notifications", "gateway")

# Alembic, not Python, runs env.py and the revisions.
IMPORT_EVERYTHING = """
import importlib, pathlib, sys
here = pathlib.Path.cwd()
sys.path.insert(0, str(here))
for module in sorted(here.rglob("*.py")):
    path = module.relative_to(here).with_suffix("")
    if "migrations" not in path.parts and path.name != "__main__":
        importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
        print(path)
"""


def copy_package(name: str, *, to: Path) -> None:
    unneeded = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / name, to / name, ignore=unneeded, dirs_exist_ok=True)


def import_everything(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_EVERYTHING],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    (tmp_path / "services").mkdir()
    shutil.copy(REPOSITORY / "services/__init__.py", tmp_path / "services")
    return tmp_path


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_without_its_neighbours(service: str, empty_folder: Path) -> None:
    copy_package("shared", to=empty_folder)
    copy_package(f"services/{service}", to=empty_folder)

    done = import_everything(empty_folder)

    assert done.returncode == 0, done.stderr
    assert f"services/{service}/main" in done.stdout


def test_simulators_import_without_the_house(tmp_path: Path) -> None:
    copy_package("simulators", to=tmp_path)

    done = import_everything(tmp_path)

    assert done.returncode == 0, done.stderr


def test_an_import_of_a_neighbour_is_seen_to_fail(empty_folder: Path) -> None:
    (empty_folder / "services/registry").mkdir()
    planted = empty_folder / "services/registry/planted.py"
    planted.write_text("import services.payments\n")

    done = import_everything(empty_folder)

    assert done.returncode != 0
    assert "No module named 'services.payments'" in done.stderr
