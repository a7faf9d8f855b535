"""Cutting a stream of bytes into blocks of whole lines, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive lines of a file."""

    first_line: int
    """Counted from 1."""
    lines: int
    body: bytes
    """The lines joined by line feeds, without a last one."""


@dataclass(slots=True)
class BlockCutter:
    """Cuts what it is fed into blocks of at most `lines_max` lines and about `bytes_max` bytes.

    Lines are counted from `first_line`, since a file may have had a header. A line longer than
    `line_bytes_max` keeps one byte more than that, so that a reader still sees that it is too long;
    the rest of it is forgotten.
    """

    lines_max: int
    bytes_max: int
    line_bytes_max: int
    first_line: int = 1
    _line: int = field(init=False)
    _rest: bytes = b""
    _lines: list[bytes] = field(default_factory=list)
    _bytes: int = 0

    def __post_init__(self) -> None:
        """Begin with the first line."""
        self._line = self.first_line

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Take the next bytes of the file and yield every block they complete."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[: self.line_bytes_max + 1]
        for line in lines:
            yield from self._add(line)

    def finish(self) -> Iterator[Block]:
        """Yield what is left; a last line needs no line feed."""
        if self._rest:
            yield from self._add(self._rest)
            self._rest = b""
        if self._lines:
            yield self._cut()

    @property
    def lines_total(self) -> int:
        """Return how many lines there were in the blocks so far."""
        return self._line - self.first_line

    def _add(self, line: bytes) -> Iterator[Block]:
        self._lines.append(line[: self.line_bytes_max + 1])
        self._bytes += len(line)
        if len(self._lines) >= self.lines_max or self._bytes >= self.bytes_max:
            yield self._cut()

    def _cut(self) -> Block:
        block = Block(self._line, len(self._lines), b"\n".join(self._lines))
        self._line += len(self._lines)
        self._lines = []
        self._bytes = 0
        return block
