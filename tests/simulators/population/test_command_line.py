"""Wrong arguments and wrong disks are told in one sentence, and nothing half-written stays."""

import errno
import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulators.population.__main__ import main
from simulators.population.generation import generate
from simulators.population.options import Options
from tests.simulators.population.populations import PROJECT, run

GOOD = {"--households": "5", "--seed": "1", "--out": "unused"}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--households", "0", "argument --households: expected a whole number from 1 to"),
        ("--households", "many", "argument --households: expected a whole number from 1 to"),
        ("--households", "10000001", "argument --households: expected a whole number from 1 to"),
        ("--seed", "-1", "argument --seed: expected a whole number from 0 to"),
        ("--dirty", "1.01", "argument --dirty: expected a share from 0 to 1"),
        ("--dirty", "nan", "argument --dirty: expected a share from 0 to 1"),
        ("--dirty", "some", "argument --dirty: expected a share from 0 to 1"),
        ("--months", "121", "argument --months: expected a whole number from 0 to 120"),
        ("--today", "5/10/2026", "argument --today: expected a date from 2000-01-01"),
    ],
)
def test_a_wrong_argument_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], option: str, value: str, sentence: str
) -> None:
    arguments = [text for pair in {**GOOD, option: value}.items() for text in pair]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    errors = capsys.readouterr().err
    assert ended.value.code == 2
    assert sentence in errors
    assert errors.count("\n") == 1


def test_a_missing_argument_is_told_in_one_sentence() -> None:
    code, errors = run("--households", "5")
    assert code == 2
    assert "--seed" in errors
    assert errors.count("\n") == 1


def test_a_file_in_place_of_the_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert main(["--households", "5", "--seed", "1", "--out", str(taken)]) == 1
    assert "is not a folder" in capsys.readouterr().err
    assert taken.read_text() == "mine"


def test_a_folder_that_cannot_be_written_to_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Root may write everywhere, and these tests run as root too.
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["--households", "5", "--seed", "1", "--out", str(tmp_path / "new")]) == 1
    assert "cannot be written to" in capsys.readouterr().err


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert main(["--households", "5", "--seed", "1", "--out", str(tmp_path)]) == 1
    assert "the disk has 1,000 free" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_no_half_population(tmp_path: Path) -> None:
    program = f"{sys.executable} -m simulators.population --households 500 --seed 1"
    finished = subprocess.run(
        # Half a mebibyte is all the shell lets a file of this program grow to.
        ["sh", "-c", f"ulimit -f 1024; exec {program} --out {tmp_path}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "is full; nothing was kept" in finished.stderr
    assert finished.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_another_population_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    first = Options(households=5, seed=1, out=tmp_path, dirty=0.5, months=2)
    generate(first)
    (tmp_path / "notes.txt").write_text("mine")
    generate(Options(households=5, seed=1, out=tmp_path))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"population.jsonl", "manifest.json", "notes.txt"}


def test_memory_does_not_grow_with_the_country(tmp_path: Path) -> None:
    def peak(households: int) -> int:
        tracemalloc.start()
        generate(Options(households=households, seed=1, out=tmp_path, dirty=1.0))
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)
    assert peak(1200) < peak(800) + 300_000
