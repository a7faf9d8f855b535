"""A crew of processes: tasks are done beside us, and nobody outlives us."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.runtime.crew import Crew, CrewLostError, CrewTaskError

ORPHAN = """
import asyncio, sys
from tests.shared.runtime.test_crew import equipped
from shared.runtime.crew import Crew

async def main():
    crew = Crew(1, equipped, 10)
    print((await crew.do("pid")), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def equipped(base: int) -> Callable[[int | str], int]:
    """Return what adds to a base, tells its process, or fails."""

    def add(task: int | str) -> int:
        if task == "pid":
            return os.getpid()
        if task == "die":
            os._exit(1)
        return base + int(task)

    return add


@pytest.fixture
def crew() -> Iterator[Crew[int | str, int]]:
    """Return a crew of two."""
    crew: Crew[int | str, int] = Crew(2, equipped, 10)
    yield crew
    crew.close()


async def test_tasks_are_done_in_other_processes(crew: Crew[int | str, int]) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(crew.do(number)) for number in range(8)]
    assert [task.result() for task in tasks] == [10 + number for number in range(8)]
    assert await crew.do("pid") != os.getpid()


async def test_a_failed_task_tells_its_kind_and_the_crew_goes_on(
    crew: Crew[int | str, int],
) -> None:
    with pytest.raises(CrewTaskError, match=r"^ValueError$"):
        await crew.do("no number")
    assert await crew.do(1) == 11


async def test_a_member_that_dies_is_replaced(crew: Crew[int | str, int]) -> None:
    with pytest.raises(CrewLostError):
        await crew.do("die")
    assert await crew.do(1) == 11


def test_a_member_ends_with_whoever_started_it(tmp_path: Path) -> None:
    program = tmp_path / "starts_a_crew.py"
    program.write_text(ORPHAN)
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path.cwd())},
    ) as starter:
        assert starter.stdout is not None
        member = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)
    assert _ends(member)


def _ends(process: int) -> bool:
    """Return whether a process ends within a minute."""
    for _ in range(1_200):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
