"""Where blocks are read: in a thread of this process, or in processes beside it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from services.registry.storage.import_blocks import SealedBlock
from services.registry.use_cases.read_block import ReadBlock, ReadingTerms, read_block
from shared.runtime.crew import Crew
from shared.storage.sealed import SealedColumns, load_sealed_columns


class BlockReader(Protocol):
    """Reads sealed blocks."""

    ahead: int
    """How many blocks it is worth reading before they are needed."""

    async def read(self, block: SealedBlock, terms: ReadingTerms) -> ReadBlock:
        """Return what a block declares."""


class ThreadReader(BlockReader):
    """Reads in a thread: right for small files, since one process computes one thing at a time."""

    ahead = 1

    def __init__(self, sealed: SealedColumns) -> None:
        """Read with these keys."""
        self._sealed = sealed

    @override
    async def read(self, block: SealedBlock, terms: ReadingTerms) -> ReadBlock:
        return await asyncio.to_thread(read_block, block, terms=terms, sealed=self._sealed)


class CrewReader(BlockReader):
    """Reads in processes of its own, which hold the same keys by reading the same folder."""

    def __init__(self, keys: Path, *, size: int) -> None:
        """Prepare so many processes; they start with the first block."""
        self.ahead = size + 1
        self._crew: Crew[tuple[SealedBlock, ReadingTerms], ReadBlock] = Crew(
            size, equipped_reader, keys
        )

    @override
    async def read(self, block: SealedBlock, terms: ReadingTerms) -> ReadBlock:
        return await self._crew.do((block, terms))

    def close(self) -> None:
        """End the processes."""
        self._crew.close()


def equipped_reader(keys: Path) -> Callable[[tuple[SealedBlock, ReadingTerms]], ReadBlock]:
    """Return what reads a block in a process that holds the keys of this folder."""
    sealed = load_sealed_columns(keys)

    def read(task: tuple[SealedBlock, ReadingTerms]) -> ReadBlock:
        block, terms = task
        return read_block(block, terms=terms, sealed=sealed)

    return read
