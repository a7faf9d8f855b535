"""Verify the sealed chain of the access log where it stands: in the database."""

import asyncio
from collections.abc import Callable, Mapping

from services.registry.domain.access_chain import (
    INSERTED_ROWS_MAX,
    START,
    ChainVerifier,
    LoggedRow,
    SealedBlock,
    Verdict,
    row_digest,
)
from services.registry.storage import access_blocks as storage
from services.registry.storage.access_blocks import RowTexts
from services.registry.use_cases.access_seals import public_keys, signature_check
from services.registry.use_cases.collaborators import Collaborators
from shared.storage.database import Transaction

BLOCKS_AT_ONCE_MAX = 200
ROWS_AT_ONCE_MAX = 20_000

Progress = Callable[[int, int], None]
"""Is told how many blocks are done, and how many there are."""


def no_progress(_done: int, _total: int) -> None:
    """Tell nobody."""


async def verify_database(
    *,
    using: Collaborators,
    published: Mapping[str, bytes] | None = None,
    expected_head: bytes | None = None,
    after_block: int = 0,
    progress: Progress = no_progress,
) -> Verdict:
    """Return how far the chain in the database holds; rows not sealed yet are left out.

    Args:
        using: The registry's means; their database role must see every row.
        published: Public keys by id, by default those of the registry's own folder.
        expected_head: The hash of a block known to have been there.
        after_block: Begin behind this block, which is believed.
        progress: Is told how far it is.
    """
    keys = published if published is not None else await asyncio.to_thread(public_keys, using.keys)
    verifier = ChainVerifier(
        signature_check(keys), expected_head=expected_head, after_block=after_block
    )
    done = after_block
    async with using.database.transaction() as tx:
        total = await storage.count_blocks(tx)
        end = await storage.read_end_of_block(tx, after_block) if after_block else START
    holds = True
    while holds:
        async with using.database.transaction() as tx:
            blocks = await next_blocks(tx, after=done)
            if not blocks:
                break
            at_most = sum(block.rows for block in blocks) + INSERTED_ROWS_MAX
            texts = await storage.read_row_texts(
                tx, after=end, until=blocks[-1].end, at_most=at_most
            )
        holds = await asyncio.to_thread(_follow, verifier, blocks, texts)
        done, end = blocks[-1].number, blocks[-1].end
        progress(done, total)
    async with using.database.transaction() as tx:
        forged = await storage.first_row_of_no_transaction(tx)
    if forged is not None:
        verifier.find_inserted(forged)
    return verifier.verdict


def _follow(verifier: ChainVerifier, blocks: list[SealedBlock], texts: list[RowTexts]) -> bool:
    rows = (LoggedRow(row.position, row_digest(row.texts, row.attributes)) for row in texts)
    return verifier.follow(blocks, rows)


async def next_blocks(tx: Transaction, *, after: int) -> list[SealedBlock]:
    """Return the next blocks, as many as are worth reading the rows of at once."""
    blocks = await storage.read_blocks(tx, after=after, at_most=BLOCKS_AT_ONCE_MAX)
    rows, some = 0, 0
    for block in blocks:
        rows += block.rows
        some += 1
        if rows >= ROWS_AT_ONCE_MAX:
            break
    return blocks[:some]
