"""What the generator is asked for on its command line."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from simulators.population.identifiers import HOUSEHOLDS_MAX

SEED_MAX = 2**63 - 1
MONTHS_MAX = 120
TODAY = date(2026, 10, 5)
YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Options:
    """A population to write: the same options give the same bytes."""

    households: int
    seed: int
    out: Path
    dirty: float = 0.0
    months: int = 0
    today: date = TODAY


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}.\n")


def parse(arguments: Sequence[str]) -> Options:
    """Return the options of a command line.

    Raises:
        SystemExit: An argument is missing or wrong; one sentence is on standard error.
    """
    parser = _Parser(prog="python -m simulators.population", description=__doc__)
    parser.add_argument("--households", type=_households, required=True, help="how many")
    parser.add_argument("--seed", type=_seed, required=True, help="another seed, another country")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--dirty", type=_share, default=0.0, help="share of spoiled households")
    parser.add_argument("--months", type=_months, default=0, help="months of changes")
    parser.add_argument("--today", type=_day, default=TODAY, help="last day of the population")
    return Options(**vars(parser.parse_args(arguments)))


def _whole(text: str, *, lowest: int, highest: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = lowest - 1
    if not lowest <= number <= highest:
        message = f"expected a whole number from {lowest:,} to {highest:,}"
        raise argparse.ArgumentTypeError(message)
    return number


def _households(text: str) -> int:
    return _whole(text, lowest=1, highest=HOUSEHOLDS_MAX)


def _seed(text: str) -> int:
    return _whole(text, lowest=0, highest=SEED_MAX)


def _months(text: str) -> int:
    return _whole(text, lowest=0, highest=MONTHS_MAX)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        message = "expected a share from 0 to 1"
        raise argparse.ArgumentTypeError(message)
    return share


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        message = "expected a date from 2000-01-01 to 2099-12-31, written YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message)
    return day
