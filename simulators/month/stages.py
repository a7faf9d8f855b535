"""The stages of a month as they are walked: bars on a terminal, plain lines in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class Stages:
    """Shows how far each stage is, and keeps how long it took in `seconds`."""

    def __init__(self, console: Console) -> None:
        """Prepare to tell `console`; bars are drawn only where they can be drawn over."""
        self.seconds: dict[str, float] = {}
        self._console = console
        self._drawn = console.is_terminal and not console.is_dumb_terminal
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not self._drawn,
        )
        self._counts: dict[TaskID, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave what was drawn as it is."""
        self._progress.stop()

    @contextmanager
    def stage(self, name: str, title: str) -> Iterator[TaskID]:
        """Show a stage for as long as the context lasts; one that breaks off is not over."""
        bar = self._progress.add_task(title, total=None)
        self._say(f"{title} …")
        started = time.monotonic()
        yield bar
        self.seconds[name] = round(time.monotonic() - started, 3)
        self._progress.stop_task(bar)
        done, total = self._counts.get(bar, (0, 0))
        self._say(f"{title}: {done}/{total} in {self.seconds[name]:.1f} s")

    def show(self, bar: TaskID, *, done: int, total: int) -> None:
        """Show how far a stage is."""
        self._counts[bar] = done, total
        self._progress.update(bar, completed=done, total=max(total, 1))

    def _say(self, line: str) -> None:
        if not self._drawn:
            # A line of a log is whole, however wide the console believes to be.
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
