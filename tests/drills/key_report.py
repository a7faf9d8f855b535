"""What a load saw while keys changed, for people and as the last line for programs."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.drills.key_load import ANSWERED, REFUSED, WRONG

ENDS = (ANSWERED, REFUSED, WRONG)
REFUSALS_SHOWN_MAX = 20


class Asked(NamedTuple):
    """One question, when it was asked, for how many seconds, and how it ended."""

    what: str
    at: float
    seconds: float
    ended: str


@dataclass(frozen=True)
class Phase:
    """What came of the questions of one part of the drill."""

    name: str
    per_second: float
    answered: int
    refused: int
    wrong: int
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, name: str, seconds: float, asked: Sequence[Asked]) -> "Phase":
        """Sum up the questions of so many seconds."""
        ended = [one.ended for one in asked]
        taken = sorted(one.seconds for one in asked if one.ended == ANSWERED)
        return cls(
            name,
            len(taken) / seconds,
            *(ended.count(end) for end in ENDS),
            *(_percentile_ms(taken, percent) for percent in (50, 99)),
        )


def _percentile_ms(taken: Sequence[float], percent: int) -> float:
    if not taken:
        return 0.0
    return taken[min(len(taken) - 1, len(taken) * percent // 100)] * 1e3


def print_refusals(log: Path) -> None:
    """Print which kinds of question were not answered as they must be, and how often."""
    lines = log.read_text(errors="replace").splitlines()
    for line, count in Counter(lines).most_common(REFUSALS_SHOWN_MAX):
        sys.stdout.write(f"{count} times: {line}\n")


def report(
    phases: Sequence[Phase],
    steps: Sequence[tuple[str, float, str]],
    *,
    persons: int,
    twice: int,
    failure: str | None,
) -> int:
    """Print what happened; return the exit code."""
    for command, seconds, said in steps:
        sys.stdout.write(f"{seconds:6.1f} s  {command:<50}  {said}\n")
    if failure is not None:
        sys.stdout.write(f"{failure}\n")
    sys.stdout.write("          requests/s  answered  refused  wrong     p50 ms     p99 ms\n")
    for phase in phases:
        sys.stdout.write(
            f"{phase.name:<8}  {phase.per_second:10.1f}  {phase.answered:8,}  {phase.refused:7,}"
            f"  {phase.wrong:5,}  {phase.p50_ms:9.1f}  {phase.p99_ms:9.1f}\n"
        )
    counted = {command: _leading_number(said) for command, _, said in steps}
    totals = {end: sum(getattr(phase, end) for phase in phases) for end in ENDS}
    document = {
        "drill": "keys",
        "persons": persons,
        **totals,
        "recorded_twice": twice,
        "p99_ms": {phase.name: round(phase.p99_ms, 1) for phase in phases},
        "resealed": counted.get("reseal", 0),
        "reindexed": counted.get("reindex", 0),
    }
    sys.stdout.write(json.dumps(document) + "\n")
    well = failure is None and totals[REFUSED] == totals[WRONG] == twice == 0
    return 0 if well and all(phase.answered for phase in phases) else 1


def _leading_number(sentence: str) -> int:
    word = sentence.partition(" ")[0]
    return int(word) if word.isdigit() else 0
