"""Take a list of RAMED to match: cut and sealed, so that no row lies in clear meanwhile."""

import asyncio
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.registry.domain.ramed import HEADER, RamedHeaderError, repeated_lines
from services.registry.storage import ramed as storage
from services.registry.storage.ramed import BLOCK_TABLE, BODY_COLUMN, RamedBlock, RamedMatching
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.batches import batched
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

BYTES_MAX = 32 * 1024**2
ROWS_MAX = 400_000
BLOCK_ROWS = 1_000
_FIRST_ROW_LINE = 2


class RamedEncodingError(DomainError):
    """The list is not written in UTF-8."""

    code: ClassVar[str] = "registry.ramed-encoding"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class RamedEmptyError(DomainError):
    """The list has no row, or more than are taken at once."""

    code: ClassVar[str] = "registry.ramed-rows"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@dataclass(frozen=True, slots=True)
class RamedRequest:
    """Who sends a list, and whose people it may be matched to."""

    client: str
    regions: tuple[str, ...]


def rows_of(body: bytes) -> list[str]:
    """Return the rows of a list as lines, the header checked and left out.

    Raises:
        RamedEncodingError: It is not UTF-8.
        RamedHeaderError: The first line does not name the columns.
        RamedEmptyError: It has no row, or more than `ROWS_MAX`.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "Write the list in UTF-8."
        raise RamedEncodingError(message) from error
    header, *rows = text.replace("\r\n", "\n").split("\n")
    if header.strip() != HEADER:
        message = f"Begin the list with the line {HEADER}"
        raise RamedHeaderError(message)
    if rows and not rows[-1]:
        rows.pop()
    if not 0 < len(rows) <= ROWS_MAX:
        message = f"Send at least one row and at most {ROWS_MAX}; cut a longer list into several."
        raise RamedEmptyError(message)
    return rows


async def receive_ramed(
    tx: Transaction, request: RamedRequest, rows: Sequence[str], *, using: Collaborators
) -> RamedMatching:
    """Keep a list until a worker has matched it."""
    matching_id = new_id()
    repeated = await asyncio.to_thread(repeated_lines, rows, first_line=_FIRST_ROW_LINE)
    blocks = list(_blocks(matching_id, rows, repeated, using))
    matching = RamedMatching(
        matching_id=matching_id,
        client=request.client,
        regions=list(request.regions),
        state="received",
        blocks_total=len(blocks),
        blocks_done=0,
        rows_total=len(rows),
        matched=0,
        ambiguous=0,
        unknown=0,
        malformed=0,
        created_at=using.clock.now(),
        completed_at=None,
    )
    await storage.add_matching(tx, matching, blocks)
    return matching


def _blocks(
    matching_id: UUID, rows: Sequence[str], repeated: AbstractSet[int], using: Collaborators
) -> Iterator[RamedBlock]:
    for number, some in enumerate(batched(rows, BLOCK_ROWS)):
        block_id = new_id()
        body = using.sealed.seal_bytes(
            "\n".join(some).encode(), table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block_id
        )
        first_line = _FIRST_ROW_LINE + number * BLOCK_ROWS
        lines = [line for line in range(first_line, first_line + len(some)) if line in repeated]
        yield RamedBlock(matching_id, number, block_id, first_line, body, lines)
