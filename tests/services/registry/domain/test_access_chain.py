"""The rules of the chain alone: every way to break it, and what is said about it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.access_chain import (
    GENESIS,
    ChainVerifier,
    Fault,
    LoggedRow,
    Position,
    SealedBlock,
    Verdict,
    block_hash,
)


def a_row(number: int, content: str = "as logged") -> LoggedRow:
    """Return the number-th row of the log."""
    digest = sha256(f"{number} {content}".encode()).digest()
    return LoggedRow(Position(10 + number // 2, UUID(int=number)), digest)


def a_chain(*sizes: int) -> tuple[list[SealedBlock], list[LoggedRow]]:
    """Return blocks of these sizes over rows numbered from 0, signed by nobody."""
    rows = [a_row(number) for number in range(sum(sizes))]
    blocks: list[SealedBlock] = []
    start, previous = 0, GENESIS
    for number, size in enumerate(sizes, start=1):
        mine = rows[start : start + size]
        block = SealedBlock(
            number=number,
            last_written_in=mine[-1].position.written_in,
            last_access_id=mine[-1].position.access_id,
            rows=size,
            digests=b"".join(row.digest for row in mine),
            previous_hash=previous,
            hash=b"",
            key_id="k1",
            signature=b"",
            sealed_at="2026-11-20T09:00:00.000000Z",
        )
        blocks.append(block._replace(hash=block_hash(block)))
        start, previous = start + size, blocks[-1].hash
    return blocks, rows


def verify(
    blocks: Sequence[SealedBlock],
    rows: Sequence[LoggedRow],
    *,
    signed: bool | None = True,
    after_block: int = 0,
) -> Verdict:
    """Return the verdict on a chain whose signatures are all good, all bad, or of unknown keys."""
    verifier = ChainVerifier(lambda *_: signed, after_block=after_block)
    verifier.follow(blocks, rows)
    return verifier.verdict


def broken(blocks: Sequence[SealedBlock], rows: Sequence[LoggedRow]) -> tuple[Fault, int, object]:
    """Return fault, block and row of the first break."""
    found = verify(blocks, rows).broken
    assert found is not None
    return found.fault, found.block, found.row


def test_a_chain_as_it_was_sealed_holds() -> None:
    blocks, rows = a_chain(3, 1, 4)
    assert verify(blocks, rows) == Verdict(3, 8, blocks[-1].hash, None)


def test_an_empty_log_holds() -> None:
    assert verify([], []) == Verdict(0, 0, GENESIS, None)


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=5), data=st.data())
def test_any_single_change_of_a_row_is_named_where_it_is(
    sizes: list[int], data: st.DataObject
) -> None:
    blocks, rows = a_chain(*sizes)
    victim = data.draw(st.integers(0, len(rows) - 1))
    ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    block = next(index for index, end in enumerate(ends) if victim < end)
    place = (block + 1, victim - (ends[block] - sizes[block]) + 1)
    altered = [*rows[:victim], a_row(victim, "not as logged"), *rows[victim + 1 :]]
    missing = [*rows[:victim], *rows[victim + 1 :]]
    inserted = [*rows[:victim], a_row(victim, "slipped in"), *rows[victim:]]
    assert broken(blocks, altered) == (Fault.ROW_ALTERED, *place)
    assert broken(blocks, missing) == (Fault.ROW_MISSING, *place)
    assert broken(blocks, inserted) == (Fault.ROW_INSERTED, *place)


def test_rows_that_changed_places_are_seen() -> None:
    blocks, rows = a_chain(4)
    swapped = [rows[0], rows[1]._replace(digest=rows[2].digest), *rows[2:]]
    swapped[2] = rows[2]._replace(digest=rows[1].digest)
    assert broken(blocks, swapped) == (Fault.ROW_REORDERED, 1, 2)


def test_a_row_behind_the_last_block_is_inserted() -> None:
    blocks, rows = a_chain(2)
    assert broken(blocks, [*rows, a_row(9)]) == (Fault.ROW_INSERTED, 1, None)


def test_a_missing_block_is_named_by_its_number() -> None:
    blocks, rows = a_chain(2, 2, 2)
    assert broken([blocks[0], blocks[2]], rows) == (Fault.BLOCK_MISSING, 2, None)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2, "previous_hash": GENESIS},
        {"sealed_at": "2026-11-20T09:00:01.000000Z"},
        {"key_id": "k2"},
        {"last_access_id": UUID(int=77)},
        {"last_written_in": 1},
        {"digests": bytes(64)},
        {"digests": bytes(63)},
        {"rows": 0, "digests": b""},
        {"hash": bytes(32)},
    ],
)
def test_an_altered_block_is_named(change: dict[str, object]) -> None:
    blocks, rows = a_chain(2, 2)
    blocks[1] = blocks[1]._replace(**change)  # type: ignore[arg-type] # values of several types
    assert broken(blocks, rows) == (Fault.BLOCK_ALTERED, 2, None)


def test_a_block_forged_whole_is_betrayed_by_the_one_behind_it() -> None:
    blocks, rows = a_chain(2, 2)
    forged = [a_row(0, "forged"), rows[1]]
    block = blocks[0]._replace(digests=b"".join(row.digest for row in forged))
    blocks[0] = block._replace(hash=block_hash(block))
    assert broken(blocks, [*forged, *rows[2:]]) == (Fault.BLOCK_ALTERED, 2, None)


@pytest.mark.parametrize(
    ("signed", "fault"), [(False, Fault.SIGNATURE_WRONG), (None, Fault.KEY_UNKNOWN)]
)
def test_a_block_that_nobody_known_signed_is_named(
    signed: Literal[False] | None, fault: Fault
) -> None:
    found = verify(*a_chain(2, 2), signed=signed).broken
    assert found is not None
    assert (found.fault, found.block) == (fault, 1)


def test_a_chain_may_begin_behind_blocks_that_were_let_go() -> None:
    blocks, rows = a_chain(2, 2, 2)
    assert verify(blocks[1:], rows[2:], after_block=1) == Verdict(2, 4, blocks[-1].hash, None)


def test_a_chain_that_lost_its_beginning_does_not_hold() -> None:
    blocks, rows = a_chain(2, 2, 2)
    assert broken(blocks[1:], rows[2:]) == (Fault.BLOCK_MISSING, 1, None)


def test_the_first_block_links_to_nothing() -> None:
    blocks, rows = a_chain(2)
    block = blocks[0]._replace(previous_hash=bytes(31) + b"\x01")
    assert broken([block._replace(hash=block_hash(block))], rows)[0] is Fault.BLOCK_ALTERED


def test_a_break_is_told_in_words_that_name_the_row() -> None:
    blocks, rows = a_chain(2, 2)
    found = verify(blocks, [*rows[:3], a_row(3, "changed")]).broken
    assert found is not None
    assert found.sentence == f"row-altered: block 2, row 2, access_id {UUID(int=3)}"
