"""A crew of processes that compute beside this one: Python runs one thread at a time in each.

A member is told what to work with once, then given one task after another over a pipe of its own.
It ends when that pipe does, and so never outlives the process that it works for.
"""

import asyncio
import subprocess
import sys
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, Generic, TypeVar

from shared.runtime.garbage import settle_garbage_collector

END_SECONDS_MAX = 5.0

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class CrewLostError(Exception):
    """A member ended before it answered; the task may be given again."""


class CrewTaskError(Exception):
    """A task failed; the message names the kind of failure and nothing of the task."""


class Crew(Generic[Task, Answer]):
    """So many processes, each doing one task at a time.

    They start with the first task, since a process that is never needed costs a second and memory.
    """

    def __init__(
        self, size: int, equip: Callable[..., Callable[[Task], Answer]], *lent: object
    ) -> None:
        """Prepare a crew.

        Args:
            size: How many processes.
            equip: A module's function that returns what does a task; each member calls it once.
            lent: What `equip` is called with; it must be picklable, as tasks and answers must.
        """
        self._size = size
        self._equipment = (equip, lent)
        self._idle: list[_Member] = []
        self._places = asyncio.Semaphore(size)
        self._close = weakref.finalize(self, _dismiss, self._idle)

    async def do(self, task: Task) -> Answer:
        """Let a member do a task, waiting until one is free.

        Raises:
            CrewLostError: The member was killed.
            CrewTaskError: The task failed.
        """
        async with self._places:
            member = self._idle.pop() if self._idle else _Member(self._equipment)
            try:
                done, answer = await asyncio.to_thread(member.ask, task)
            except BaseException:
                # It may still be at work, or gone: another takes its place.
                member.end()
                raise
            self._idle.append(member)
        if not done:
            raise CrewTaskError(answer)
        result: Answer = answer
        return result

    def close(self) -> None:
        """End every idle member."""
        self._close()


class _Member:
    """One process and the pipe to it."""

    def __init__(self, equipment: tuple[Callable[..., Any], tuple[object, ...]]) -> None:
        self._pipe, theirs = Pipe()
        self._process = subprocess.Popen(  # noqa: S603 -- our own command line
            [sys.executable, "-m", "shared.runtime.crew", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # Signals of the terminal are for us; we end the members.
            start_new_session=True,
        )
        theirs.close()
        self._pipe.send(equipment)

    def ask(self, task: object) -> tuple[bool, Any]:
        try:
            self._pipe.send(task)
            answer: tuple[bool, Any] = self._pipe.recv()
        except (EOFError, OSError) as error:
            message = "A member of a crew ended before it answered."
            raise CrewLostError(message) from error
        return answer

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe.close()


def _dismiss(members: list[_Member]) -> None:
    while members:
        members.pop().end()


def serve(pipe: Connection) -> None:
    """Do one task after another until the pipe ends."""
    try:
        equip, lent = pipe.recv()
        work = equip(*lent)
        settle_garbage_collector()
        while True:
            task = pipe.recv()
            try:
                answer = (True, work(task))
            except Exception as error:  # noqa: BLE001 -- whatever went wrong is told to whoever gave the task
                answer = (False, type(error).__name__)
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
