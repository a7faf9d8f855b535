"""The generator as its users run it, and what it wrote."""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[3]

Record = dict[str, Any]


@cache
def lines_of(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Population:
    """A folder that the generator wrote; its lines are read once and never changed."""

    folder: Path

    def lines(self, name: str = "population.jsonl") -> list[Record]:
        return lines_of(self.folder / name)

    def persons(self, name: str = "population.jsonl") -> dict[str, Record]:
        return {line["idcs"]: line for line in self.lines(name) if line["type"] == "person"}

    def households(self, name: str = "population.jsonl") -> dict[str, Record]:
        return {line["reference"]: line for line in self.lines(name) if line["type"] == "household"}

    def truth(self, kind: str, name: str = "truth.jsonl") -> list[Record]:
        return [line for line in self.lines(name) if line["kind"] == kind]

    @property
    def manifest(self) -> Record:
        document: Record = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return document


def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "simulators.population", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stderr
